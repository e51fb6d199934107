#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/protocol/channel_progress.hpp"
#include "core/protocol/heads.hpp"
#include "core/protocol/server_message.hpp"
#include "core/protocol/session_actions.hpp"

namespace tidewire::core::protocol {

/// One channel, its subscribers, and where each of them stands.
///
/// Usually all stand where the channel does. One that resumes from a position of its own, or joins later, may stand
/// apart: ahead of the channel, or nowhere yet. The channel always stands where the one does that has least, so the
/// server sends what any of them lacks, and each gets only what it lacks.
class Channel {
 public:
  Channel(std::string_view name, bool conflate, std::uint64_t replay, std::optional<Position> since)
      : name_(name), progress_(conflate, std::move(since)), replay_(replay) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] ChannelProgress& progress() noexcept { return progress_; }
  [[nodiscard]] const std::vector<SubscriberId>& subscribers() const noexcept { return subscribers_; }
  [[nodiscard]] std::vector<SubscriberId> takeSubscribers() noexcept { return std::move(subscribers_); }
  /// How many of the newest events a subscription without a position begins with.
  [[nodiscard]] std::uint64_t replay() const noexcept { return replay_; }

  /// The first subscriber, which stands where the channel does.
  void addFirst(SubscriberId id) { subscribers_.push_back(id); }

  struct Joining {
    bool isAnswered;  ///< The server has answered the channel's subscription.
    bool isAnew;      ///< The channel is subscribed to anew in any case.
  };
  /// One more subscriber, with a higher id than those before it. It gets each event behind `since` that the server
  /// still has, or what comes from now on.
  ///
  /// Returns: whether the channel has to be subscribed to anew for it.
  [[nodiscard]] bool join(SubscriberId id, const std::optional<Position>& since, Joining how, ActionQueue& actions);
  /// Returns false if it is no subscriber.
  bool leave(SubscriberId id);

  /// Requires: a subscriber, of a channel that was answered.
  [[nodiscard]] Position positionOf(SubscriberId id) const;

  /// The server has answered the subscription.
  ///
  /// Returns: false if the channel has to be subscribed to anew, because one subscriber asked for what is gone, and the
  /// others would lose what came meanwhile.
  [[nodiscard]] bool answered(const Subscribed& head, ActionQueue& actions);

  /// Hands an event to those who lack it, after a gap to those who lack what came before it.
  ///
  /// Returns: false if something is missing that the server may still have: the channel has to be subscribed to anew.
  [[nodiscard]] bool arrived(const EventHead& head, const ServerMessage& message, ActionQueue& actions);

 private:
  struct Apart {
    SubscriberId id;
    std::optional<Position> at;  // Without one: where the channel's newest events begin.
  };
  /// Of a subscription. Without a position: where the channel's newest events begin.
  struct Start {
    std::optional<Position> position = {};
  };
  // Subscribers by a number, in its order.
  using Groups = std::vector<std::pair<std::uint64_t, SubscriberId>>;

  [[nodiscard]] const Apart* findApart(SubscriberId id) const noexcept;
  void joinFront(SubscriberId id);
  [[nodiscard]] bool reachBack(SubscriberId id, const Position& since, Joining how, ActionQueue& actions);
  void moveTo(std::optional<Position> position);
  [[nodiscard]] std::optional<Start> startOfOthers(const Position& before, const Subscribed& head) const;
  void place(const std::optional<Position>& before, const Subscribed& head, const std::optional<Loss>& loss,
             ActionQueue& actions);
  void placeApart(Apart& apart, const std::optional<Position>& before, const Subscribed& head, ActionQueue& actions);
  [[nodiscard]] std::uint64_t seqOf(SubscriberId id, std::uint64_t before) const noexcept;
  void passOver(std::uint64_t before, std::uint64_t last, ActionQueue& actions);
  void handOut(std::uint64_t before, const EventHead& head, const ServerMessage& message, ActionQueue& actions);

  const std::string name_;
  ChannelProgress progress_;
  std::vector<SubscriberId> subscribers_;  // In the order of their ids.
  std::vector<Apart> apart_;               // The same.
  std::vector<SubscriberId> recipients_;   // Of the newest event, where not all get the same.
  const std::uint64_t replay_;
};

}  // namespace tidewire::core::protocol
