#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/session_core.hpp"

namespace tidewire::core::protocol {

/// A rule of the protocol, or of the API, that a session has broken.
struct Violation {
  const char* rule;
};

/// Throws a `Violation` of `rule` unless `holds`.
void require(bool holds, const char* rule);

/// What a session may say and do, given what it was called with and what it has received: a model that is kept apart
/// from the core and compared with it, by the simulation and by the fuzz target. Throws `Violation` where they differ.
class SessionModel {
 public:
  struct Subscriber {
    std::string channel;
    bool conflates = false;
    std::optional<Position> at = {};
    std::optional<Loss> gap = {};
    bool live = false;
  };
  enum class Phase : std::uint8_t { Down, Greeting, Up, Failed };

  // What goes into the core.
  void subscribe(SubscriberId id, std::string channel, bool conflate, std::optional<Position> since);
  void unsubscribe(SubscriberId id);
  void call(const Call& call);
  void open();
  void end();
  void receive(Time now, const ServerHead& head);

  // What comes out of it.
  void take(SessionAction& action);
  void sent(Time now, const Framer::Batch& batch);

  /// After the actions of one input.
  void checkActions() const;
  struct Sending {
    bool settled = false;
    bool delays = false;  ///< A cancellation may wait for others.
    bool waits = false;   ///< Something is due later: a channel may be subscribed to then.
  };
  /// After everything that may be sent was taken.
  void checkSent(const Sending& sending) const;
  /// After a connection has ended.
  void checkEnded(bool forGood) const;

  /// Those that have not ended.
  [[nodiscard]] const std::map<SubscriberId, Subscriber>& subscribers() const noexcept { return subscribers_; }
  [[nodiscard]] Phase phase() const noexcept { return phase_; }
  /// Of those that were sent on this connection with this operation.
  [[nodiscard]] std::span<const std::uint64_t> idsOf(const std::string& op);
  /// Where a subscriber to this channel stands.
  [[nodiscard]] std::uint64_t seqIn(std::string_view channel) const;

 private:
  struct OpenCall {
    Call call;
    std::uint64_t wireId = 0;
    std::uint64_t sentOn = 0;  // The number of the last connection that it was sent on.
    Time firstSentAt{};
  };
  struct Sent;

  Subscriber& subscriber(SubscriberId id);
  OpenCall& openCall(CallId id, Call::Kind kind);
  [[nodiscard]] std::size_t publishesOnTheirWay() const;
  /// Calls that were sent on this connection and are not answered.
  [[nodiscard]] std::size_t callsHere(Call::Kind kind) const;

  void check(const Welcomed& action);
  void check(const PongArrived& action) const;
  void check(const PeerFailed& action);
  void check(const LeaveNow& action) const;
  void check(const EventArrived& action);
  void check(const GapFound& action);
  void check(const SubscriptionAnswered& action);
  void check(const SubscriptionEnded& action);
  void check(const SubscriptionInterrupted& action);
  void check(const PublishEnded& action);
  void check(const RequestEnded& action);
  void check(const ErrorArrived& action) const;

  void checkMessage(Time now, const Sent& sent);
  void sendCall(Time now, const Sent& sent);
  void sendAgain(const OpenCall& known) const;
  void useId(const Sent& sent);
  void noteSubscriptions(const ServerHead& head);

  Phase phase_ = Phase::Down;
  std::map<SubscriberId, Subscriber> subscribers_;
  std::map<CallId, OpenCall> calls_;  // Those that have not ended.
  std::uint64_t lastId_ = 0;

  // Of this connection.
  std::uint64_t connection_ = 0;
  ServerHead head_;  // The last that came, and when.
  Time headAt_{};
  std::optional<Welcome> welcome_;
  Time welcomedAt_{};
  bool resumed_ = false;
  bool greeted_ = false;
  bool forged_ = false;  // The server has answered what it was not asked.
  CallId lastCall_ = 0;
  std::map<std::string, std::vector<std::uint64_t>> ids_;
  struct OnWire {
    std::uint64_t id = 0;
    bool answered = false;
  };
  std::map<std::string, OnWire, std::less<>> subscribed_;
  std::set<std::string> endedForNow_;  // By the server. Not subscribed to since.
};

}  // namespace tidewire::core::protocol
