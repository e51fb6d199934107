#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "driven_session_core.hpp"

namespace tidewire::core::protocol {
namespace {

using namespace std::chrono_literals;
using test::kStart;

/// A session's core with a channel "c" of a server that keeps everything from a point on, and what each subscriber got.
class Joined {
 public:
  explicit Joined(std::uint64_t head, std::uint64_t evicted = 0) : head_(head), evicted_(evicted) {}

  void subscribe(SubscriberId id, std::optional<Position> since, std::uint64_t replay = 0, bool conflate = false) {
    core_.subscribe(id, "c", conflate, replay, std::move(since));
    serve();
  }
  void open() {
    core_.opened(now_, std::nullopt);
    serve();
  }
  void cut() {
    core_.ended(false);
    subscribed_.reset();
    serve();
  }
  /// A new event.
  void append() {
    ++head_;
    serve();
  }
  void pass(Duration time) {
    now_ += time;
    core_.tick(now_);
    serve();
  }
  void unsubscribe(SubscriberId id) {
    core_.unsubscribe(id, "c");
    serve();
  }

  /// "5 6 gap 7-9 10": what it got, in order.
  [[nodiscard]] std::string got(SubscriberId id) { return got_[id]; }
  [[nodiscard]] std::size_t subscribes() const { return subscribes_; }

 private:
  /// Until neither side has anything to say.
  void serve() {
    drain();
    for (bool moved = true; moved;) {
      moved = false;
      for (const Framer::Batch& batch : core_.takeBatches(now_, 1 << 20)) {
        moved = true;
        Unframer unframer(batch.kind, asBytes(batch.payload));
        while (const auto part = unframer.next()) {
          receive(std::string(reinterpret_cast<const char*>(part->head.data()), part->head.size()));
        }
      }
      while (subscribed_ && *subscribed_ < head_) {
        moved = true;
        const std::uint64_t seq = conflate_ ? head_ : *subscribed_ + 1;
        const std::uint64_t skipped = seq - *subscribed_ - 1;
        subscribed_ = seq;
        say(R"({"op":"event","channel":"c","seq":)" + std::to_string(seq) + R"(,"skipped":)" + std::to_string(skipped) +
            "}");
      }
    }
  }

  void receive(const std::string& head) {
    const auto number = [&head](const std::string& name) {
      const std::size_t at = head.find(name);
      return at == std::string::npos ? std::nullopt
                                     : std::optional<std::uint64_t>(std::stoull(head.substr(at + name.size())));
    };
    if (head.find(R"("op":"hello")") != std::string::npos) {
      say(R"({"op":"welcome","v":1,"resumed":false,"now":0})");
    } else if (head.find(R"("op":"unsubscribe")") != std::string::npos) {
      REQUIRE(subscribed_);
      subscribed_.reset();
    } else if (head.find(R"("op":"subscribe")") != std::string::npos) {
      REQUIRE(!subscribed_);
      ++subscribes_;
      conflate_ = head.find(R"("conflate":true)") != std::string::npos;
      const bool sameEpoch = head.find(R"("since":{"epoch":"e")") != std::string::npos;
      const auto since = number(R"("seq":)");
      const bool kept = since && sameEpoch && *since >= evicted_ && *since <= head_;
      const std::uint64_t from = since ? head_ : head_ - std::min(number(R"("last":)").value_or(0), head_ - evicted_);
      subscribed_ = kept ? *since : from;
      say(R"({"op":"subscribed","id":)" + std::to_string(*number(R"("id":)")) + R"(,"epoch":"e","seq":)" +
          std::to_string(head_) + R"(,"recovered":)" + (kept || !since ? "true" : "false") + R"(,"from":)" +
          std::to_string(from) + "}");
    }
  }

  void say(const std::string& payload) {
    MessageReader reader(MessageKind::Text, asBytes(payload));
    while (std::optional<ServerMessage> message = reader.next()) {
      core_.arrived(now_, *message);
      drain();
    }
  }

  void drain() {
    while (std::optional<SessionAction> action = core_.takeAction()) {
      if (const auto* event = std::get_if<EventArrived>(&*action)) {
        for (const SubscriberId id : event->to) {
          note(id, (event->event.skipped > 0 ? "-" + std::to_string(event->event.skipped) + "+" : "") +
                       std::to_string(event->event.seq));
        }
      } else if (const auto* gap = std::get_if<GapFound>(&*action)) {
        for (const SubscriberId id : gap->to) {
          note(id, gap->loss.range
                       ? "gap " + std::to_string(gap->loss.range->from) + "-" + std::to_string(gap->loss.range->to)
                       : "gap");
        }
      }
      REQUIRE(!std::holds_alternative<SubscriptionEnded>(*action));
    }
  }

  void note(SubscriberId id, const std::string& what) { got_[id] += (got_[id].empty() ? "" : " ") + what; }

  SessionCore core_{{.key = "jXs2FWy5vTzRy3NC1nVYQw"}};
  Time now_ = kStart;
  std::uint64_t head_;
  std::uint64_t evicted_;
  std::optional<std::uint64_t> subscribed_;  // The position that the client will be at.
  bool conflate_ = false;
  std::size_t subscribes_ = 0;
  std::map<SubscriberId, std::string> got_;
};

Position at(std::uint64_t seq) {
  return {"e", seq};
}

TEST_CASE("session core: since of one more subscription brings each event behind it, and the others nothing twice") {
  Joined channel(3);
  channel.subscribe(1, std::nullopt);
  channel.open();
  channel.append();
  channel.subscribe(2, at(1));
  CHECK(channel.got(1) == "4");
  CHECK(channel.got(2) == "2 3 4");
  channel.append();
  CHECK(channel.got(1) == "4 5");
  CHECK(channel.got(2) == "2 3 4 5");
}

TEST_CASE("session core: since of one more subscription counts before the first answer, too") {
  for (const std::uint64_t replay : {0u, 1u, 100u}) {
    CAPTURE(replay);
    Joined channel(3);
    channel.subscribe(1, std::nullopt, replay);
    channel.subscribe(2, at(1));
    channel.open();
    channel.append();
    CHECK(channel.got(1) == (replay == 0 ? "4" : replay == 1 ? "3 4" : "2 3 4"));
    CHECK(channel.got(2) == "2 3 4");
    CHECK(channel.subscribes() == 1);
  }
}

TEST_CASE("session core: since at the channel's position sends no subscribe") {
  Joined channel(3);
  channel.subscribe(1, std::nullopt);
  channel.open();
  channel.subscribe(2, at(3));
  CHECK(channel.subscribes() == 1);
  channel.append();
  CHECK(channel.got(1) == "4");
  CHECK(channel.got(2) == "4");
}

TEST_CASE("session core: since that is gone is one gap, and the others miss nothing") {
  Joined channel(10, 5);
  channel.subscribe(1, at(8));
  channel.open();
  channel.subscribe(2, at(2));
  channel.append();
  CHECK(channel.got(1) == "9 10 11");
  CHECK(channel.got(2) == "gap 3-10 11");
}

TEST_CASE("session core: since that is gone before the others stand anywhere is one gap, and they get the newest") {
  Joined channel(10, 5);
  channel.subscribe(1, std::nullopt, 2);
  channel.subscribe(2, at(2));
  channel.open();
  channel.append();
  CHECK(channel.got(1) == "9 10 11");
  CHECK(channel.got(2) == "gap 3-8 9 10 11");
}

TEST_CASE("session core: since in another epoch is one gap") {
  for (const bool live : {true, false}) {
    CAPTURE(live);
    Joined channel(10);
    channel.subscribe(1, at(8));
    if (live) {
      channel.open();
    }
    channel.subscribe(2, Position{"other", 4});
    if (!live) {
      channel.open();
    }
    channel.append();
    CHECK(channel.got(1) == "9 10 11");
    CHECK(channel.got(2) == "gap 11");
  }
}

TEST_CASE("session core: since ahead of a channel keeps its events, and is one gap beyond the server's position") {
  Joined channel(10);
  channel.subscribe(1, at(4));
  channel.subscribe(2, at(7));
  channel.subscribe(3, at(70));
  channel.open();
  channel.append();
  CHECK(channel.got(1) == "5 6 7 8 9 10 11");
  CHECK(channel.got(2) == "8 9 10 11");
  CHECK(channel.got(3) == "gap 11");
  channel.subscribe(4, at(700));
  channel.append();
  CHECK(channel.got(4) == "gap 12");
}

TEST_CASE("session core: subscribers that stand apart stay so across a cut, until they meet") {
  Joined channel(10);
  channel.subscribe(1, at(4));
  channel.subscribe(2, at(7));
  channel.open();
  channel.cut();
  channel.append();
  channel.subscribe(3, at(1));
  channel.open();
  CHECK(channel.got(1) == "5 6 7 8 9 10 11");
  CHECK(channel.got(2) == "8 9 10 11");
  CHECK(channel.got(3) == "2 3 4 5 6 7 8 9 10 11");
  channel.unsubscribe(3);
  channel.append();
  CHECK(channel.got(2) == "8 9 10 11 12");
}

TEST_CASE("session core: each latest-only subscriber gets its own skipped count") {
  Joined channel(3);
  channel.subscribe(1, std::nullopt, 0, true);
  channel.open();
  channel.append();
  channel.subscribe(2, at(1), 0, true);
  CHECK(channel.got(1) == "4");
  CHECK(channel.got(2) == "-2+4");
}

TEST_CASE("session core: one that wants everything and since gets both at once") {
  Joined channel(3);
  channel.subscribe(1, std::nullopt, 0, true);
  channel.open();
  channel.subscribe(2, at(1));
  CHECK(channel.got(1).empty());
  CHECK(channel.got(2) == "2 3");
  CHECK(channel.subscribes() == 2);
}

}  // namespace
}  // namespace tidewire::core::protocol
