#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "manual_session.hpp"

// How much of what a server sends waits for the application.
namespace tidewire::internal::test {
namespace {

using namespace std::chrono_literals;
using Numbers = std::vector<std::uint64_t>;

constexpr std::size_t kBound = 64 * 1024;
constexpr std::uint64_t kMany = 5'000;
constexpr char kSeparator = '\x1e';

std::string eventHead(std::uint64_t seq, const std::string& channel = "c") {
  return R"({"op":"event","channel":")" + channel + R"(","seq":)" + std::to_string(seq) + "}";
}

/// One WebSocket message of events, from `first` to `last`.
std::string joinedEvents(std::uint64_t first, std::uint64_t last) {
  std::string all;
  for (std::uint64_t seq = first; seq <= last; ++seq) {
    all += (all.empty() ? "" : std::string(1, kSeparator)) + eventHead(seq);
  }
  return all;
}

void answerSubscribe(ManualSession& test, std::uint64_t id) {
  test.hear(R"({"op":"subscribed","id":)" + std::to_string(id) + R"(,"epoch":"e","seq":0,"recovered":true})");
}

/// A session that is subscribed to "c", wherever its callbacks run, and what that told it.
struct Reader {
  explicit Reader(Callbacks mode, const Abilities& abilities = {})
      : test({.callbacks = mode, .executor = executor.executor(), .deliveryQueueBytes = kBound}, {}, abilities),
        subscription(test.session().subscribe(
            "c", {.onEvent = [this](const tidewire::Event& event) { seqs.push_back(event.seq); }})) {
    test.session().onError([this](const SessionError& error) { errors += error.count; });
    test.open();
    answerSubscribe(test, 1);
    runAll();
  }

  /// Runs what waits, and gives the turns that follow, until nothing is left.
  void runAll() {
    do {
      test.session().poll({.count = 50});
      for (int ran = 0; ran < 50 && executor.waiting() > 0; ++ran) {
        executor.take()();
      }
      most = std::max(most, test.session().stats().deliveryBytes);
      test.loop().turn();
      most = std::max(most, test.session().stats().deliveryBytes);
    } while (test.session().stats().deliveryEvents > 0 || executor.waiting() > 0);
  }

  ManualExecutor executor;
  Numbers seqs;
  std::uint64_t errors = 0;
  std::size_t most = 0;  // That waited at any time.
  ManualSession test;
  Subscription subscription;
};

Numbers upTo(std::uint64_t last) {
  Numbers all;
  for (std::uint64_t seq = 1; seq <= last; ++seq) {
    all.push_back(seq);
  }
  return all;
}

constexpr Callbacks kQueued[] = {Callbacks::Poll, Callbacks::Executor};

}  // namespace

TEST_CASE("bounds: one event of each latest-only channel waits for poll, whatever heartbeats come") {
  constexpr std::uint64_t kChannels = 31;
  for (const bool listens : {false, true}) {
    CAPTURE(listens);
    ManualSession test({.heartbeat = {.interval = 1s}, .callbacks = Callbacks::Poll});
    std::vector<Subscription> subscriptions;
    std::uint64_t skipped = 0;
    std::uint64_t events = 0;
    for (std::uint64_t i = 0; i < kChannels; ++i) {
      subscriptions.push_back(test.session().subscribe(std::to_string(i), {.conflate = true},
                                                       {.onEvent = [&](const tidewire::Event& event) {
                                                         ++events;
                                                         skipped += event.skipped;
                                                       }}));
    }
    std::uint64_t beats = 0;
    if (listens) {
      test.session().onHeartbeat([&beats](const HeartbeatInfo&) { ++beats; });
    }
    test.open();
    for (std::uint64_t id = 1; id <= kChannels; ++id) {
      answerSubscribe(test, id);
    }
    test.session().poll();
    for (std::uint64_t second = 1; second <= 10; ++second) {
      test.loop().passAndTurn(1s);
      test.hear(R"({"op":"pong","t":)" + std::to_string(second) + R"(,"now":1700000000000})");
      for (std::uint64_t i = 0; i < kChannels; ++i) {
        test.hear(eventHead(second, std::to_string(i)));
      }
    }
    CHECK(test.session().stats().deliveryEvents == kChannels + (listens ? 10 : 0));
    test.session().poll();
    CHECK(events == kChannels);
    CHECK(skipped == 9 * kChannels);
    CHECK(beats == (listens ? 10 : 0));
  }
}

TEST_CASE("bounds: one message of many events does not overrun the delivery queue, and none of them is lost") {
  for (const Callbacks mode : kQueued) {
    for (const Abilities& abilities : {Abilities{}, kPage}) {
      Reader reader(mode, abilities);
      reader.test.hear(joinedEvents(1, kMany));
      CHECK(reader.seqs.empty());
      CHECK_FALSE(reader.test.transport().reading() == abilities.pausesReading);
      CHECK(reader.test.session().stats().deliveryBytes > kBound);
      reader.runAll();
      CHECK(reader.most < kBound + 1024);
      const bool allCame = reader.seqs == upTo(kMany);
      CHECK(allCame);
      CHECK(reader.test.transport().reading());
      CHECK(reader.test.session().state() == State::Open);
    }
  }
}

TEST_CASE("bounds: messages behind a held one are read behind it") {
  for (const Abilities& abilities : {Abilities{}, kPage}) {
    Reader reader(Callbacks::Poll, abilities);
    reader.test.hear(joinedEvents(1, 2'000));
    reader.test.hear(joinedEvents(2'001, 2'010));
    reader.test.hear(eventHead(2'011));
    reader.runAll();
    const bool allCame = reader.seqs == upTo(2'011);
    CHECK(allCame);
  }
}

TEST_CASE("bounds: however many errors one message holds, they do not overrun the delivery queue") {
  for (const Callbacks mode : kQueued) {
    for (const bool equal : {true, false}) {
      CAPTURE(equal);
      std::string all;
      for (std::uint64_t i = 0; i < kMany; ++i) {
        all += (i == 0 ? "" : std::string(1, kSeparator)) + R"({"op":"error","code":"c)" +
               (equal ? "" : std::to_string(i)) + R"("})";
      }
      Reader reader(mode);
      reader.test.hear(all);
      CHECK(reader.test.session().stats().deliveryBytes < kBound + 1024);
      CHECK((reader.test.session().stats().deliveryEvents == 1) == equal);
      reader.runAll();
      CHECK(reader.most < kBound + 1024);
      CHECK(reader.errors == kMany);
    }
  }
}

TEST_CASE("bounds: the end of a connection is reported behind its held last message") {
  for (const Abilities& abilities : {Abilities{}, kPage}) {
    Reader reader(Callbacks::Poll, abilities);
    reader.test.session().onClose([&](const CloseInfo& info) {
      CHECK(reader.seqs.size() == kMany);
      reader.test.closes.push_back(info);
    });
    reader.test.hear(joinedEvents(1, kMany));
    reader.test.endedByPeer(1001);
    CHECK(reader.test.session().state() == State::Open);
    reader.runAll();
    REQUIRE(reader.test.closes.size() == 1);
    CHECK(reader.test.closes[0].code == 1001);
    CHECK(reader.test.session().state() == State::Waiting);
  }
}

TEST_CASE("bounds: an end by the application does not wait for held messages") {
  for (const bool closes : {true, false}) {
    Reader reader(Callbacks::Poll);
    reader.test.hear(joinedEvents(1, kMany));
    reader.test.endedByPeer(1001);
    if (closes) {
      CHECK(reader.test.session().close() == CloseResult::Accepted);
      reader.test.loop().turn();
      reader.test.loop().passAndTurn(5s);
      CHECK(reader.test.session().state() == State::Closed);
    } else {
      CHECK(reader.test.session().reconnect() == ReconnectResult::Started);
      reader.test.loop().turn();
      CHECK(reader.test.session().state() == State::Connecting);
    }
    reader.runAll();
    CHECK(reader.seqs.size() < kMany);
    CHECK(reader.test.closes.size() == 1);
  }
}

TEST_CASE("bounds: a malformed message behind a held one ends the connection when it is read") {
  Reader reader(Callbacks::Poll);
  reader.test.hear(joinedEvents(1, 2'000) + kSeparator + "[]");
  CHECK(reader.test.session().state() == State::Open);
  reader.runAll();
  CHECK(reader.seqs.size() == 2'000);
  REQUIRE(reader.test.closes.size() == 1);
  CHECK(reader.test.closes[0].cause == CloseCause::ProtocolError);
}

TEST_CASE("bounds: a page that falls behind by more than the queue's bound loses its connection, and nothing it has") {
  Reader reader(Callbacks::Poll, kPage);
  reader.test.hear(joinedEvents(1, 2'000));
  std::uint64_t last = 2'000;
  for (; reader.test.transport().endpoint().url.empty() || last < 2'100; last += 10) {
    reader.test.hear(joinedEvents(last + 1, last + 10));
  }
  CHECK(reader.test.session().state() == State::Open);
  const std::string large = joinedEvents(last + 1, last + 2'000);
  REQUIRE(large.size() > kBound);
  reader.test.hear(large);
  reader.runAll();
  REQUIRE(reader.test.closes.size() == 1);
  CHECK(reader.test.closes[0].cause == CloseCause::SlowConsumer);
  const bool allCame = reader.seqs == upTo(last + 2'000);
  CHECK(allCame);
}

TEST_CASE("bounds: a session opens again while its delivery queue is full") {
  for (const Abilities& abilities : {Abilities{}, kPage}) {
    Reader reader(Callbacks::Poll, abilities);
    reader.test.hear(joinedEvents(1, kMany));
    CHECK(reader.test.session().reconnect() == ReconnectResult::Started);
    reader.test.loop().turn();
    reader.test.succeed();
    CHECK(reader.test.transport().reading());
    reader.test.welcome();
    CHECK(reader.test.session().state() == State::Open);
    CHECK_FALSE(reader.test.transport().reading() == abilities.pausesReading);
  }
}

TEST_CASE("bounds: a subscription without callbacks fills no queue, and knows its position") {
  ManualSession test({.callbacks = Callbacks::Poll});
  const auto subscription = test.session().subscribe("c", {}, {});
  test.open();
  answerSubscribe(test, 1);
  test.hear(joinedEvents(1, 100));
  CHECK(test.session().stats().deliveryEvents == 0);
  REQUIRE(subscription.position().has_value());
  CHECK(subscription.position()->epoch == "e");
  CHECK(subscription.position()->seq == 100);
}

}  // namespace tidewire::internal::test
