#include "core/protocol/channels.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tidewire::core::protocol {
namespace {

using namespace std::chrono_literals;

constexpr Time kChannelsStart{1h};

struct DrivenChannels {
  void subscribe(SubscriberId id, const std::string& name, bool conflate = false) {
    channels.subscribe(id, name, {.conflate = conflate}, isConnected);
  }
  void answer(std::uint64_t id, std::uint64_t seq = 0) {
    channels.subscribed(kChannelsStart, {.id = id, .epoch = "e", .seq = seq, .recovered = true});
  }
  void event(const std::string& name, std::uint64_t seq) {
    channels.arrived(kChannelsStart, {.channel = name, .seq = seq}, {});
  }

  /// The operations, ids and channels of all heads that wait.
  std::string take() {
    std::string all;
    for (; !heads.empty(); heads.pop()) {
      const std::string& head = heads.front();
      const std::size_t from = head.find(R"("channel":")") + 11;
      all += (all.empty() ? "" : " ") + std::string(head.find(R"("subscribe")") != std::string::npos ? "+" : "-") +
             head.substr(from, head.find('"', from) - from);
    }
    return all;
  }

  bool isConnected = true;
  HeadQueue heads;
  ActionQueue actions;
  Random random{1};
  Channels channels{heads, actions, random};
};

}  // namespace

TEST_CASE("channels: each connection subscribes to every channel once, in the order of the first subscribers") {
  DrivenChannels driven;
  driven.isConnected = false;
  for (const auto& [id, name] : {std::pair(1, "b"), std::pair(2, "a"), std::pair(3, "b")}) {
    driven.subscribe(static_cast<SubscriberId>(id), name);
  }
  CHECK(driven.take().empty());
  driven.channels.opened();
  CHECK(driven.take() == "+b +a");
  driven.channels.ended();
  driven.channels.unsubscribe(2, "a");
  CHECK(driven.take().empty());
  driven.channels.opened();
  CHECK(driven.take() == "+b");
}

TEST_CASE("channels: the last subscriber that leaves unsubscribes, and a channel of that name is a new one") {
  DrivenChannels driven;
  driven.subscribe(1, "c");
  driven.subscribe(2, "c");
  driven.answer(1, 5);
  driven.channels.unsubscribe(1, "c");
  driven.channels.unsubscribe(1, "c");
  CHECK(driven.take() == "+c");
  driven.channels.unsubscribe(2, "c");
  CHECK(driven.take() == "-c");
  driven.subscribe(3, "c");
  CHECK(driven.take() == "+c");
  driven.actions.clear();
  driven.event("c", 6);  // Of the subscription before.
  CHECK(driven.actions.empty());
}

TEST_CASE("channels: what is refused for the moment is tried again in the order of its times, and then forgotten") {
  DrivenChannels driven;
  driven.subscribe(1, "a");
  driven.subscribe(2, "b");
  CHECK(driven.take() == "+a +b");
  SessionError busy{.code = "busy", .temporary = true};
  CHECK(driven.channels.refused(kChannelsStart + 10s, 2, busy));
  CHECK(driven.channels.refused(kChannelsStart, 1, busy));
  CHECK_FALSE(driven.channels.refused(kChannelsStart, 1, busy));
  const auto first = driven.channels.deadline();
  REQUIRE(first);
  CHECK(*first < kChannelsStart + 10s);
  driven.channels.tick(*first);
  CHECK(driven.take() == "+a");
  CHECK(driven.channels.deadline() >= kChannelsStart + 10s);
  driven.channels.unsubscribe(2, "b");
  CHECK_FALSE(driven.channels.deadline());
  CHECK(driven.take().empty());
}

TEST_CASE("channels: an answer and an error belong to the newest subscription only") {
  DrivenChannels driven;
  driven.subscribe(1, "c", true);
  driven.subscribe(2, "c", false);  // Every event: the channel is subscribed to anew.
  CHECK(driven.take() == "+c -c +c");
  driven.answer(1);
  CHECK(driven.actions.empty());
  SessionError error{.code = "forbidden"};
  CHECK_FALSE(driven.channels.refused(kChannelsStart, 1, error));
  driven.answer(3);
  REQUIRE(driven.actions.size() == 1);
  CHECK(std::get<SubscriptionAnswered>(driven.actions.front()).to == std::vector<SubscriberId>{1, 2});
}

// With 10,000 channels, a step that looked at all of them would look at 100,000,000.
TEST_CASE("channels: ten thousand are subscribed to, served and left in steps that do not grow with them") {
  constexpr SubscriberId kMany = 10'000;
  const auto name = [](SubscriberId id) { return "channel/" + std::to_string(id * 7'919 % kMany); };
  DrivenChannels driven;
  for (SubscriberId id = 1; id <= kMany; ++id) {
    driven.subscribe(id, name(id));
  }
  for (SubscriberId id = kMany; id > 0; --id) {
    driven.answer(id);
    driven.event(name(id), 1);
  }
  CHECK(driven.actions.size() == 2 * kMany);
  driven.heads.clear();
  for (SubscriberId id = 1; id <= kMany; ++id) {
    driven.channels.unsubscribe(id, name(id));
  }
  driven.heads.clear();
  driven.channels.opened();
  CHECK(driven.heads.empty());
}

}  // namespace tidewire::core::protocol
