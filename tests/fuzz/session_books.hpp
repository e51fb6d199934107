#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/session_core.hpp"

namespace tidewire::core::protocol {

/// Prints what is broken, and ends the program.
void require(bool holds, const char* what);

/// Books of what an application asked of a session, of what it was told, and of what went over the wire, kept apart
/// from the core that they are held against. What does not fit ends the program.
class SessionBooks {
 public:
  enum class Phase : std::uint8_t { Down, Greeting, Up, Failed };

  // What goes into the core.
  void subscribes(SubscriberId id, std::string channel, bool conflate, std::optional<Position> since);
  void unsubscribes(SubscriberId id);
  void calls(const Call& call);
  void opens();
  void ends();
  void receives(Time now, const ServerHead& head);

  // What comes out of it.
  void tells(SessionAction& action);
  void sends(Time now, const Framer::Batch& batch);

  /// After the actions of one input.
  void checkTold() const;
  struct Sending {
    bool settled = false;
    bool delays = false;  ///< A cancellation may wait for others.
    bool waits = false;   ///< Something is due later: a channel may be subscribed to then.
  };
  /// After everything that may be sent was taken.
  void checkSent(const Sending& sending) const;
  /// After a connection has ended.
  void checkEnded(bool forGood) const;

  [[nodiscard]] Phase phase() const noexcept { return phase_; }
  /// Of those that were sent on this connection with this operation.
  [[nodiscard]] std::span<const std::uint64_t> idsOf(const std::string& op);
  /// Where a subscriber to this channel stands.
  [[nodiscard]] std::uint64_t seqIn(std::string_view channel) const;

 private:
  struct Subscriber {
    std::string channel;
    bool conflates = false;
    std::optional<Position> at = {};
    std::optional<Loss> gap = {};
    bool live = false;
  };
  struct BookedCall {
    Call call;
    std::uint64_t wireId = 0;
    std::uint64_t sentOn = 0;  // The number of the last connection that it was sent on.
    Time firstSentAt{};
  };
  struct Sent;

  Subscriber& subscriber(SubscriberId id);
  BookedCall& openCall(CallId id, Call::Kind kind);
  [[nodiscard]] std::size_t publishesOnTheirWay() const;
  /// Calls that were sent on this connection and are not answered.
  [[nodiscard]] std::size_t callsHere(Call::Kind kind) const;

  void tell(const Welcomed& action);
  void tell(const PongArrived& action) const;
  void tell(const PeerFailed& action);
  void tell(const LeaveNow& action) const;
  void tell(const EventArrived& action);
  void tell(const GapFound& action);
  void tell(const SubscriptionAnswered& action);
  void tell(const SubscriptionEnded& action);
  void tell(const SubscriptionInterrupted& action);
  void tell(const PublishEnded& action);
  void tell(const RequestEnded& action);
  void tell(const ErrorArrived& action) const;

  void send(Time now, const Sent& sent);
  void sendCall(Time now, const Sent& sent);
  void sendAgain(const BookedCall& booked) const;
  void useId(const Sent& sent);
  void noteSubscriptions(const ServerHead& head);

  Phase phase_ = Phase::Down;
  std::map<SubscriberId, Subscriber> subscribers_;  // Those that have not ended.
  std::map<CallId, BookedCall> calls_;              // Those that have not ended.
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
};

}  // namespace tidewire::core::protocol
