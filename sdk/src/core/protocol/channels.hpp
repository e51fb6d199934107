#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/id_table.hpp"
#include "core/protocol/channel.hpp"
#include "core/protocol/deadlines.hpp"
#include "core/protocol/head_queue.hpp"
#include "core/protocol/heads.hpp"
#include "core/protocol/name_table.hpp"
#include "core/protocol/repetition.hpp"
#include "core/protocol/server_message.hpp"
#include "core/protocol/session_actions.hpp"
#include "core/random.hpp"
#include "core/time.hpp"

namespace tidewire::core::protocol {

/// All channels of a session: subscribes to each on every connection, again where events are missing, and later where
/// the server refuses for the moment (docs/protocol.md, section 5).
class Channels {
 public:
  Channels(HeadQueue& heads, ActionQueue& actions, Random& random) noexcept
      : heads_(heads), actions_(actions), random_(random) {}

  struct Wish {
    bool conflate = false;
    std::uint64_t replay = 0;
    std::optional<Position> since = {};
  };
  /// `isConnected`: a new channel is subscribed to now, and not by `opened`.
  void subscribe(SubscriberId id, std::string_view name, Wish wish, bool isConnected);
  void unsubscribe(SubscriberId id, std::string_view name);

  void opened();
  void ended();

  void subscribed(Time now, const Subscribed& head);
  void arrived(Time now, const EventHead& head, const ServerMessage& message);
  void unsubscribed(Time now, Unsubscribed& head);
  /// Returns false, and leaves `error` as it is, if `id` is no subscription that waits for its answer.
  [[nodiscard]] bool refused(Time now, std::uint64_t id, SessionError& error);

  void tick(Time now);
  [[nodiscard]] std::optional<Time> deadline() const { return retries_.first(); }

 private:
  /// A channel and the subscription to it.
  struct Subscription {
    Subscription(std::string_view name, Wish wish) : channel(name, wish.conflate, wish.replay, std::move(wish.since)) {}

    Channel channel;
    std::uint64_t wireId = 0;  // Of the newest `subscribe` on this connection; 0: there is none.
    bool isAnswered = false;
    Repetition repetition = {};  // Of subscribing that the server causes.
    Deadline retry = {};         // When it is subscribed to again. Its id is the channel's number.
  };

  void send(Subscription& subscription);
  void drop(Subscription& subscription);
  void resubscribe(Time now, Subscription& subscription);
  void sendAnew(Subscription& subscription);
  void sendAt(Time at, Time now, Subscription& subscription);
  void interrupt(Subscription& subscription);
  void endOrRetry(Time now, Subscription& subscription, SessionError error);
  void forget(Subscription& subscription);

  HeadQueue& heads_;
  ActionQueue& actions_;
  Random& random_;
  IdTable<Subscription> all_;  // By number: in the order in which they were first subscribed to.
  NameTable<Subscription> names_;
  std::uint64_t lastNumber_ = 0;
  IdMap<Subscription> awaiting_;  // By wire id: those that the server has not answered.
  Deadlines retries_;
};

}  // namespace tidewire::core::protocol
