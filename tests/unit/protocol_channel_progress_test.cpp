#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "core/protocol/channel_progress.hpp"

namespace tidewire::core::protocol {
namespace {

using Verdict = ChannelProgress::Verdict;

Subscribed answer(std::string epoch, std::uint64_t seq, bool recovered) {
  return {.id = 1, .epoch = std::move(epoch), .seq = seq, .recovered = recovered};
}

ChannelProgress reliableAt(std::uint64_t seq) {
  return ChannelProgress(false, Position{.epoch = "e", .seq = seq});
}

TEST_CASE("channel progress: a first subscription begins where the channel stands") {
  ChannelProgress progress(false);
  CHECK(!progress.position());
  CHECK(!progress.subscribed(answer("e", 43, true)));
  CHECK(progress.position()->epoch == "e");
  CHECK(progress.position()->seq == 43);
  CHECK(progress.event(44, 0) == Verdict::Deliver);
  CHECK(progress.position()->seq == 44);
}

TEST_CASE("channel progress: the requested newest events come before the channel's head") {
  ChannelProgress progress(false);
  Subscribed head = answer("e", 43, true);
  head.from = 41;
  CHECK(!progress.subscribed(head));
  CHECK(progress.position()->seq == 41);  // So that they are asked for again if the connection dies now.
  CHECK(progress.event(42, 0) == Verdict::Deliver);
  CHECK(progress.event(43, 0) == Verdict::Deliver);
  CHECK(progress.event(44, 0) == Verdict::Deliver);
}

TEST_CASE("channel progress: recovered events follow the position, and duplicates are dropped") {
  ChannelProgress progress = reliableAt(41);
  CHECK(!progress.subscribed(answer("e", 43, true)));
  CHECK(progress.event(41, 0) == Verdict::Drop);
  CHECK(progress.event(42, 0) == Verdict::Deliver);
  CHECK(progress.event(42, 0) == Verdict::Drop);
  CHECK(progress.event(43, 0) == Verdict::Deliver);
}

TEST_CASE("channel progress: evicted events are a loss with a range, and are not requested again") {
  ChannelProgress progress = reliableAt(41);
  const std::optional<Loss> loss = progress.subscribed(answer("e", 60, false));
  REQUIRE(loss);
  REQUIRE(loss->range);
  CHECK(loss->range->from == 42);
  CHECK(loss->range->to == 60);
  CHECK(progress.position()->seq == 60);
  CHECK(progress.event(61, 0) == Verdict::Deliver);
}

TEST_CASE("channel progress: another epoch is a loss without a range, whatever the server calls it") {
  for (const bool recovered : {false, true}) {
    ChannelProgress progress = reliableAt(41);
    const std::optional<Loss> loss = progress.subscribed(answer("other", 60, recovered));
    REQUIRE(loss);
    CHECK(!loss->range);
    CHECK(progress.position()->epoch == "other");
    CHECK(progress.event(61, 0) == Verdict::Deliver);
  }
}

TEST_CASE("channel progress: a channel that stands before our position has lost its memory") {
  for (const bool recovered : {false, true}) {
    ChannelProgress progress = reliableAt(41);
    const std::optional<Loss> loss = progress.subscribed(answer("e", 7, recovered));
    REQUIRE(loss);
    CHECK(!loss->range);
    CHECK(progress.event(8, 0) == Verdict::Deliver);
  }
}

TEST_CASE("channel progress: neither a hole nor the events behind it are delivered") {
  ChannelProgress progress = reliableAt(41);
  CHECK(!progress.subscribed(answer("e", 41, true)));
  CHECK(progress.event(43, 0) == Verdict::Hole);
  CHECK(progress.event(42, 0) == Verdict::Drop);
  CHECK(progress.position()->seq == 41);
  CHECK(!progress.subscribed(answer("e", 44, true)));
  CHECK(progress.event(42, 0) == Verdict::Deliver);
}

TEST_CASE("channel progress: events of before an interruption are dropped") {
  ChannelProgress progress = reliableAt(41);
  CHECK(progress.event(42, 0) == Verdict::Drop);
  CHECK(!progress.subscribed(answer("e", 41, true)));
  progress.interrupted();
  CHECK(progress.event(42, 0) == Verdict::Drop);
  CHECK(progress.position()->seq == 41);
}

TEST_CASE("channel progress: only a latest-only subscription accepts skipped events") {
  ChannelProgress latest(true, Position{.epoch = "e", .seq = 41});
  CHECK(!latest.subscribed(answer("e", 60, true)));
  CHECK(latest.event(60, 18) == Verdict::Deliver);
  CHECK(latest.event(65, 3) == Verdict::Hole);  // 61 + 3 would be 64.

  ChannelProgress reliable = reliableAt(41);
  CHECK(!reliable.subscribed(answer("e", 60, true)));
  CHECK(reliable.event(60, 18) == Verdict::Hole);
}

/// A channel as section 5 has it, with a history of some events, that loses its memory now and then.
struct ModelChannel {
  std::size_t history = 0;
  std::uint64_t epoch = 1;
  std::uint64_t seq = 0;
  std::deque<std::uint64_t> kept = {};

  void publish() {
    kept.push_back(++seq);
    if (kept.size() > history) {
      kept.pop_front();
    }
  }
  void restart() {
    ++epoch;
    seq = 0;
    kept.clear();
  }
  [[nodiscard]] std::string name() const { return "e" + std::to_string(epoch); }
};

/// A subscriber behind a connection that dies now and then. It keeps its own books of what it was told.
class ModelRun {
 public:
  explicit ModelRun(std::uint32_t seed) : random_(seed), channel_{.history = 1 + random_() % 8} {}

  void step() {
    if (oneIn(40)) {
      channel_.restart();
      disconnect();
    }
    if (oneIn(2)) {
      channel_.publish();
      if (connected_) {
        wire_.push_back(channel_.seq);
      }
    }
    if (oneIn(12)) {
      disconnect();
    }
    if (!connected_ && oneIn(3)) {
      connect();
    }
    for (std::size_t arriving = random_() % 4; arriving > 0 && !wire_.empty(); --arriving) {
      arrive();
    }
  }

  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  [[nodiscard]] bool oneIn(std::uint32_t many) { return random_() % many == 0; }

  void disconnect() {
    connected_ = false;
    progress_.interrupted();
    wire_.clear();
  }

  /// By the table in section 5.2.
  void connect() {
    connected_ = true;
    const std::optional<Position> since = progress_.position();
    const bool known = since && since->epoch == channel_.name() && since->seq <= channel_.seq;
    const bool recovered = !since || (known && channel_.seq - since->seq <= channel_.kept.size());
    const std::optional<Loss> loss = progress_.subscribed(answer(channel_.name(), channel_.seq, recovered));
    CHECK(loss.has_value() != recovered);
    if (since && recovered) {
      std::copy_if(channel_.kept.begin(), channel_.kept.end(), std::back_inserter(wire_),
                   [&](std::uint64_t seq) { return seq > since->seq; });
      return;
    }
    if (loss && known) {
      REQUIRE(loss->range);
      CHECK(loss->range->from == next_);
      CHECK(loss->range->to == channel_.seq);
      lost_ += channel_.seq - next_ + 1;
    } else if (loss) {
      CHECK(!loss->range);
    }
    next_ = channel_.seq + 1;
  }

  void arrive() {
    CHECK(progress_.event(wire_.front(), 0) == Verdict::Deliver);
    CHECK(wire_.front() == next_);
    CHECK(progress_.position()->epoch == channel_.name());
    ++next_;
    ++delivered_;
    wire_.pop_front();
  }

  std::mt19937 random_;
  ModelChannel channel_;
  ChannelProgress progress_{false};
  std::deque<std::uint64_t> wire_;  // Sent on this connection, and not yet arrived.
  bool connected_ = false;
  std::uint64_t next_ = 0;  // The event that has to come, or has to be reported as lost.
  std::uint64_t delivered_ = 0;
  std::uint64_t lost_ = 0;
};

TEST_CASE("channel progress: whatever is cut, each event comes once and in order, or is in a loss") {
  std::uint64_t delivered = 0;
  std::uint64_t lost = 0;
  for (std::uint32_t seed = 1; seed <= 2'000; ++seed) {
    CAPTURE(seed);
    ModelRun run(seed);
    for (int step = 0; step < 200; ++step) {
      run.step();
    }
    delivered += run.delivered();
    lost += run.lost();
  }
  CHECK(delivered > 10'000);
  CHECK(lost > 1'000);
}

}  // namespace
}  // namespace tidewire::core::protocol
