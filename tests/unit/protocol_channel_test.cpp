#include "core/protocol/channel.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tidewire::core::protocol {
namespace {

using namespace std::chrono_literals;

/// A channel "c" whose actions are written down, a word for each subscriber: "1:5" an event, "1:gap2-4", "1:gap",
/// "1@5" a position.
class DrivenChannel {
 public:
  explicit DrivenChannel(std::uint64_t replay = 0, std::optional<Position> since = {}, bool conflate = false)
      : channel("c", conflate, replay, std::move(since)) {
    channel.addFirst(1);
  }

  bool answer(std::uint64_t seq, bool recovered, std::optional<std::uint64_t> from = {}, std::string epoch = "e") {
    return channel.answered({.epoch = std::move(epoch), .seq = seq, .recovered = recovered, .from = from}, actions);
  }
  bool event(std::uint64_t seq, std::uint64_t skipped = 0) {
    return channel.arrived({.channel = "c", .seq = seq, .skipped = skipped}, {}, actions);
  }
  bool join(SubscriberId id, std::optional<Position> since = {}) {
    return channel.join(id, since, {.isAnswered = true, .isAnew = false}, actions);
  }

  /// The words so far, sorted: the order of subscribers does not matter.
  std::string take() {
    std::vector<std::string> words;
    for (; !actions.empty(); actions.pop_front()) {
      write(actions.front(), words);
    }
    std::sort(words.begin(), words.end());
    std::string all;
    for (const std::string& word : words) {
      all += (all.empty() ? "" : " ") + word;
    }
    return all;
  }

  ActionQueue actions;
  Channel channel;

 private:
  static void write(const SessionAction& action, std::vector<std::string>& words) {
    if (const auto* event = std::get_if<EventArrived>(&action)) {
      CHECK(event->event.channel == "c");
      for (const SubscriberId id : event->to) {
        words.push_back(std::to_string(id) + ":" + std::to_string(event->event.seq));
      }
    } else if (const auto* gap = std::get_if<GapFound>(&action)) {
      const auto& range = gap->loss.range;
      for (const SubscriberId id : gap->to) {
        words.push_back(std::to_string(id) + ":gap" +
                        (range ? std::to_string(range->from) + "-" + std::to_string(range->to) : std::string()));
      }
    } else if (const auto* answered = std::get_if<SubscriptionAnswered>(&action)) {
      for (const SubscriberId id : answered->to) {
        words.push_back(std::to_string(id) + "@" + std::to_string(answered->position.seq));
      }
    }
  }
};

}  // namespace

TEST_CASE("channel: an event carries the time and the count of what was skipped, and goes to every subscriber") {
  DrivenChannel driven(0, {}, true);
  REQUIRE(driven.answer(4, true));
  CHECK_FALSE(driven.join(2));
  (void)driven.take();
  REQUIRE(driven.channel.arrived({.channel = "c", .seq = 7, .ts = 1500, .skipped = 2}, {}, driven.actions));
  const auto& event = std::get<EventArrived>(driven.actions.front());
  CHECK(event.event.seq == 7);
  CHECK(event.event.skipped == 2);
  CHECK(event.event.time == 1500ms);
  CHECK_FALSE(event.event.body.isPresent());
  CHECK(driven.take() == "1:7 2:7");
}

TEST_CASE("channel: a subscriber that resumes further back gets what it lacks, and the others do not get it again") {
  DrivenChannel driven;
  REQUIRE(driven.answer(5, true));
  CHECK(driven.take() == "1@5");
  CHECK(driven.join(2, Position{"e", 3}));
  driven.channel.progress().interrupted();
  CHECK(driven.channel.progress().position()->seq == 3);
  REQUIRE(driven.answer(5, true));
  CHECK(driven.take() == "1@5 2@3");
  REQUIRE(driven.event(4));
  CHECK(driven.take() == "2:4");
  REQUIRE(driven.event(5));
  CHECK(driven.take() == "2:5");
  REQUIRE(driven.event(6));
  CHECK(driven.take() == "1:6 2:6");
}

TEST_CASE("channel: where a subscriber asked for what is gone, the others go on where they stand") {
  DrivenChannel driven;
  REQUIRE(driven.answer(5, true));
  CHECK(driven.join(2, Position{"e", 1}));
  driven.channel.progress().interrupted();
  (void)driven.take();
  CHECK_FALSE(driven.answer(8, false));
  CHECK(driven.channel.progress().position()->seq == 5);
  REQUIRE(driven.answer(8, true));
  CHECK(driven.take() == "1@5 2:gap2-5 2@5");
  REQUIRE(driven.event(6));
  CHECK(driven.take() == "1:6 2:6");
}

TEST_CASE("channel: a subscriber of another epoch learns of its loss without a new subscription") {
  DrivenChannel driven;
  REQUIRE(driven.answer(5, true));
  (void)driven.take();
  CHECK_FALSE(driven.join(2, Position{"older", 9}));
  CHECK(driven.take() == "2:gap");
  CHECK(driven.channel.positionOf(2).seq == 5);
}

TEST_CASE("channel: a hole is reported to the caller, and as a gap once the server has left it out each time") {
  DrivenChannel driven;
  REQUIRE(driven.answer(5, true));
  (void)driven.take();
  for (int attempt = 0; attempt < 2; ++attempt) {
    CHECK_FALSE(driven.event(8));
    CHECK(driven.take().empty());
    driven.channel.progress().interrupted();
    REQUIRE(driven.answer(8, true));
    (void)driven.take();
  }
  REQUIRE(driven.event(8));
  CHECK(driven.take() == "1:8 1:gap6-7");
}

TEST_CASE("channel: a subscriber that leaves gets nothing more, wherever it stands") {
  DrivenChannel driven;
  REQUIRE(driven.answer(5, true));
  CHECK(driven.join(2, Position{"e", 3}));
  driven.channel.progress().interrupted();
  REQUIRE(driven.answer(5, true));
  (void)driven.take();
  CHECK(driven.channel.leave(2));
  CHECK_FALSE(driven.channel.leave(2));
  REQUIRE(driven.event(4));
  CHECK(driven.take().empty());
  CHECK(driven.channel.leave(1));
  CHECK(driven.channel.subscribers().empty());
}

}  // namespace tidewire::core::protocol
