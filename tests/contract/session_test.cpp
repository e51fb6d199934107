#include <algorithm>
#include <atomic>
#include <functional>
#include <string>

#include "contract_test.hpp"
#include "session_client.hpp"

using namespace contract;
using namespace std::chrono_literals;
using tidewire::Ack;
using tidewire::CallResult;
using tidewire::CloseCause;

namespace {

auto opens(std::size_t count) {
  return [count](const SessionLog& log) { return log.opens.size() >= count; };
}
auto acks(std::size_t count) {
  return [count](const SessionLog& log) { return log.acks.size() >= count; };
}
auto events(std::size_t count) {
  return [count](const SessionLog& log) { return log.events.size() >= count; };
}
auto subscribed(std::size_t count) {
  return [count](const SessionLog& log) { return log.positions.size() >= count; };
}

void checkInOrder(const SessionLog& log, std::uint64_t first) {
  for (const SessionLog::Received& event : log.events) {
    CHECK(event.seq == first++);
    CHECK(event.skipped == 0);
  }
}

}  // namespace

CONTRACT_TEST("session: it is open when welcome has arrived") {
  TestSession test;
  test.session().connect();
  test.await("open", opens(1));
  CHECK(test.session().state() == tidewire::State::Open);
  CHECK(test.log().order[0] == "state Connecting");
  CHECK(test.log().order[1] == "state Open");
  CHECK(test.log().order[2] == "open");
  CHECK_FALSE(test.log().opens[0].resumed);
  CHECK(test.session().serverTime().has_value());
}

CONTRACT_TEST("session: a publish is acknowledged, and is an event for the subscriber") {
  TestSession test;
  const auto subscription = test.subscribe("chat/room");
  test.session().connect();
  test.await("subscribed", subscribed(1));
  CHECK(subscription.isLive());
  test.publish("chat/room", "hi \u6F6E");
  test.publish("chat/room", "");
  test.await("acks", acks(2));
  test.await("events", events(2));
  const SessionLog log = test.log();
  CHECK(log.acks[0].outcome == Ack::Outcome::Published);
  CHECK(log.acks[0].seq == log.events[0].seq);
  CHECK(log.events[0].body == "hi \u6F6E");
  CHECK(log.events[1].body.empty());
  CHECK(subscription.position()->seq == log.events[1].seq);
}

CONTRACT_TEST("session: a body that could be taken for framing arrives as it was") {
  TestSession test;
  const auto subscription = test.subscribe("chat/room");
  test.session().connect();
  test.await("subscribed", subscribed(1));
  const std::string forged = "hi\x1e{\"op\":\"event\",\"channel\":\"chat/room\",\"seq\":99}\nforged";
  test.publish("chat/room", forged);
  test.await("event", events(1));
  CHECK(test.log().events[0].body == forged);
}

CONTRACT_TEST("session: calls made before it is open wait, and are made once and in order") {
  TestSession test;
  for (int i = 0; i < 50; ++i) {
    test.publish("chat/room", std::to_string(i));
  }
  const auto subscription = test.subscribe("chat/room");
  test.session().connect();
  test.await("acks", acks(50));
  test.await("events", events(50));
  const SessionLog log = test.log();
  for (std::size_t i = 0; i < 50; ++i) {
    CHECK(log.events[i].body == std::to_string(i));
  }
  checkInOrder(log, 1);
}

CONTRACT_TEST("session: a request is answered, or refused with a code") {
  TestSession test;
  test.session().connect();
  test.request("symbols", "{}");
  test.request("none", "{}");
  test.await("replies", [](const SessionLog& log) { return log.replies.size() == 2; });
  CHECK(test.log().replies[0].error.empty());
  CHECK_FALSE(test.log().replies[0].body.empty());
  CHECK(test.log().replies[1].error == "unknown-method");
}

CONTRACT_TEST("session: a subscriber gets each event once and in order across reconnects") {
  TestSession reader;
  TestSession writer;
  const auto subscription = reader.subscribe("chat/room");
  reader.session().connect();
  writer.session().connect();
  reader.await("subscribed", subscribed(1));
  std::size_t published = 0;
  for (std::size_t round = 1; round <= 4; ++round) {
    for (int i = 0; i < 10; ++i) {
      writer.publish("chat/room", std::to_string(published++));
    }
    reader.session().reconnect();
    writer.await("acks", acks(published));
    reader.await("open again", opens(round + 1));
  }
  reader.await("events", events(published));
  const SessionLog log = reader.log();
  CHECK(log.events.size() == published);
  checkInOrder(log, 1);
  CHECK(log.gaps.empty());
}

CONTRACT_TEST("session: since of one more subscription to a live channel brings each event behind it") {
  TestSession test;
  const auto first = test.subscribe("chat/room");
  test.session().connect();
  test.await("subscribed", subscribed(1));
  for (int i = 0; i < 5; ++i) {
    test.publish("chat/room", std::to_string(i));
  }
  test.await("events", events(5));
  tidewire::ChannelPosition since = test.log().positions[0];
  const std::uint64_t begin = since.seq;
  ++since.seq;
  const auto second = test.subscribe("chat/room", {.since = since});
  test.await("the events behind it", events(9));
  test.await("both live", [&](const SessionLog&) { return first.isLive() && second.isLive(); });
  test.publish("chat/room", "5");
  test.await("one for each", events(11));
  const SessionLog log = test.log();
  REQUIRE(log.events.size() == 11);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(log.events[5 + i].seq == begin + 2 + i);
    CHECK(log.events[5 + i].body == std::to_string(i + 1));
  }
  CHECK(log.events[9].seq == begin + 6);
  CHECK(log.events[10].seq == begin + 6);
  CHECK(log.gaps.empty());
}

CONTRACT_TEST("session: since of one more subscription that no server knows is one gap, and the other has none") {
  TestSession test;
  const auto first = test.subscribe("chat/room");
  test.session().connect();
  test.await("subscribed", subscribed(1));
  test.publish("chat/room", "0");
  test.await("event", events(1));
  const auto second = test.subscribe("chat/room", {.since = tidewire::ChannelPosition{"another", 3}});
  test.await("subscribed", subscribed(2));
  test.publish("chat/room", "1");
  test.await("one for each", events(3));
  const SessionLog log = test.log();
  REQUIRE(log.gaps.size() == 1);
  CHECK_FALSE(log.gaps[0].hasRange);
  CHECK(log.events[1].seq == log.events[2].seq);
}

CONTRACT_TEST("session: it loses nothing while it is not polled") {
  constexpr std::uint64_t kHalf = 15;  // More than one read takes.
  const tidewire::Options usual = optionsFor("/stream");
  std::uint64_t position = 0;
  std::size_t faults = 0;
  tidewire::Session reader = world().makeSession({.url = usual.url,
                                                  .heartbeat = {.interval = 0ms},
                                                  .reconnect = usual.reconnect,
                                                  .callbacks = tidewire::Callbacks::Poll,
                                                  .deliveryQueueBytes = 20'000});
  const auto subscription = reader.subscribe("chat/room", {.onEvent =
                                                               [&](const tidewire::Event& event) {
                                                                 faults += event.seq == position + 1 ? 0 : 1;
                                                                 position = event.seq;
                                                               },
                                                           .onGap = [&](const tidewire::Gap&) { ++faults; }});
  reader.connect();
  pumpUntil("subscribed", [&] { return reader.poll(), subscription.isLive(); });

  TestSession writer;
  writer.session().connect();
  const auto publishHalf = [&] {
    for (std::uint64_t i = 0; i < kHalf; ++i) {
      writer.publish("chat/room", std::string(10'000, 'x'));
    }
  };
  publishHalf();
  pumpUntil("full", [&] { return reader.stats().deliveryBytes >= 20'000; });
  publishHalf();
  writer.await("acks", acks(2 * kHalf));
  CHECK(position == 0);

  pumpUntil("all events", [&] { return reader.poll(), position == 2 * kHalf; });
  CHECK(faults == 0);
  // A page cannot make its peer wait: it cuts the connection, and says so behind what it holds.
  CHECK((reader.stats().endings(CloseCause::SlowConsumer) > 0) == (world().name() == "browser"));
}

CONTRACT_TEST("session: a publisher that loses its connection publishes once") {
  TestSession test;
  const auto subscription = test.subscribe("chat/room");
  test.session().connect();
  test.await("open", opens(1));
  for (int i = 0; i < 30; ++i) {
    test.publish("chat/room", std::to_string(i));
    if (i % 10 == 5) {
      test.session().reconnect();
    }
  }
  test.await("acks", acks(30));
  test.await("events", events(30));
  const SessionLog log = test.log();
  CHECK(std::all_of(log.acks.begin(), log.acks.end(),
                    [](const Ack& ack) { return ack.outcome == Ack::Outcome::Published; }));
  CHECK(log.events.size() == 30);
  checkInOrder(log, 1);
  CHECK(log.opens.back().resumed);
}

CONTRACT_TEST("session: a server that was killed and forgot everything is a gap without a range") {
  TestSession test;
  const auto subscription = test.subscribe("chat/room");
  test.session().connect();
  test.publish("chat/room", "before");
  test.await("event", events(1));
  world().killServer();
  test.await("close", [](const SessionLog& log) { return !log.closes.empty(); });
  world().restartServer();
  test.await("subscribed again", subscribed(2));
  const SessionLog log = test.log();
  CHECK(log.gaps.size() == 1);
  CHECK_FALSE(log.gaps[0].hasRange);
  CHECK(log.positions[0].epoch != log.positions[1].epoch);
  CHECK_FALSE(log.opens.back().resumed);
  test.publish("chat/room", "after");
  test.await("event", events(2));
  CHECK(test.log().events[1].body == "after");
}

CONTRACT_TEST("session: a later subscriber starts at its own position, and an unsubscribed one gets no event") {
  TestSession test;
  auto first = test.subscribe("chat/room");
  test.session().connect();
  test.publish("chat/room", "1");
  test.publish("chat/room", "2");
  test.await("events", events(2));
  first.unsubscribe();
  test.publish("chat/room", "3");
  test.await("ack", acks(3));
  const auto second = test.subscribe("chat/room", {.replay = 2});
  test.await("events", events(4));
  const SessionLog log = test.log();
  CHECK(log.events[2].body == "2");
  CHECK(log.events[3].body == "3");
}

CONTRACT_TEST("session: an application goes on at a position that it kept") {
  tidewire::ChannelPosition position;
  {
    TestSession before;
    const auto subscription = before.subscribe("chat/room");
    before.session().connect();
    before.publish("chat/room", "1");
    before.await("event", events(1));
    position = *subscription.position();
    before.publish("chat/room", "2");
    before.await("ack", acks(2));
  }
  TestSession after;
  const auto subscription = after.subscribe("chat/room", {.since = position});
  after.session().connect();
  after.await("event", events(1));
  CHECK(after.log().events[0].body == "2");
  CHECK(after.log().gaps.empty());
}

CONTRACT_TEST("session: a channel that does not exist ends its subscription with a code") {
  TestSession test;
  const auto subscription = test.subscribe("nothing/here");
  const auto nameless = test.subscribe("");
  test.session().connect();
  test.await("ends", [](const SessionLog& log) { return log.ends.size() == 2; });
  CHECK(test.log().ends[0].code == "unknown-channel");
  CHECK(test.log().ends[1].code == "unknown-channel");
  CHECK_FALSE(subscription.isLive());
}

CONTRACT_TEST("session: a heartbeat brings a round trip, in a page too") {
  TestSession test;
  test.session().connect();
  test.await("open", opens(1));
  CHECK(test.session().heartbeat() == tidewire::HeartbeatResult::Sent);
  test.await("heartbeat", [](const SessionLog& log) { return !log.heartbeats.empty(); });
  CHECK(test.log().heartbeats[0].roundTrip > 0us);
}

CONTRACT_TEST("session: close() waits for acknowledgements, and every call ends") {
  TestSession test;
  test.session().connect();
  test.await("open", opens(1));
  for (int i = 0; i < 20; ++i) {
    test.publish("chat/room", std::to_string(i));
  }
  test.session().close();
  CHECK(test.session().publish("chat/room", "late", {.ack = true}) == CallResult::Closed);
  test.await("close", [](const SessionLog& log) { return !log.closes.empty(); });
  const SessionLog log = test.log();
  CHECK(log.acks.size() == 20);
  CHECK(std::all_of(log.acks.begin(), log.acks.end(),
                    [](const Ack& ack) { return ack.outcome == Ack::Outcome::Published; }));
  CHECK(log.closes[0].cause == CloseCause::ClosedByUser);
  CHECK(log.order.back() == "close");
}

CONTRACT_TEST("session: unsent calls are reported before the close event") {
  world().killServer();
  TestSession test;
  test.publish("chat/room", "never");
  test.session().connect();
  test.await("connecting", [](const SessionLog& log) { return !log.order.empty(); });
  test.session().close();
  test.await("the end, behind the fate of the message", [](const SessionLog& log) {
    const auto ack = std::find(log.order.begin(), log.order.end(), "ack");
    const auto closed = std::find(log.order.begin(), log.order.end(), "state Closed");
    // Where it waited to retry, there is no attempt that could end, and the state is the last that is told.
    return ack != log.order.end() && closed != log.order.end() && (ack < closed || log.order.back() == "close");
  });
  REQUIRE(test.log().acks.size() == 1);
  CHECK(test.log().acks[0].outcome == Ack::Outcome::NotSent);
}

CONTRACT_TEST("session: may be destroyed inside each of its callbacks") {
  for (const char* at : {"open", "state Open", "subscribed", "event", "ack", "reply", "close"}) {
    CAPTURE(at);
    TestSession test;
    auto subscription = test.subscribe("chat/room");
    std::atomic<bool> gone = false;
    const std::string wanted = at;
    std::function<void()> watch = [&] {
      const std::string now = test.log().order.back();
      if (now == wanted) {
        test.destroy();
        gone = true;
        return;
      }
      test.inCallback(watch);
      if (now == "open" && wanted == "close") {
        test.session().reconnect();
      }
    };
    test.inCallback(watch);
    // From connect() on, only callbacks touch the session: one of them ends it.
    test.publish("chat/room", "hi");
    test.request("symbols", "{}");
    test.session().connect();
    test.await("destroyed", [&gone](const SessionLog&) { return gone.load(); });
    subscription.unsubscribe();
  }
}
