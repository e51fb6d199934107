#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/protocol/batch_delay.hpp"
#include "core/protocol/channels.hpp"
#include "core/protocol/framing.hpp"
#include "core/protocol/greeting.hpp"
#include "core/protocol/head_queue.hpp"
#include "core/protocol/heads.hpp"
#include "core/protocol/outbox.hpp"
#include "core/protocol/phases.hpp"
#include "core/protocol/server_clock.hpp"
#include "core/protocol/server_message.hpp"
#include "core/protocol/session_actions.hpp"
#include "core/random.hpp"
#include "core/time.hpp"

namespace tidewire::core::protocol {

/// The client's half of "tidewire.v1" (docs/protocol.md): coordinates greeting, channels and outbox on one connection
/// after the other. Pure: time and the seed of its randomness are arguments.
///
/// The driver gives one input, performs every action (`takeAction` until it is empty) before the next, sends what
/// `takeBatches` yields, and calls `tick` when `deadline` has come. An input that does not fit the phase is dropped.
class SessionCore {
 public:
  struct Settings {
    std::string key;                            ///< 128 random bits, in base64url.
    std::uint64_t maxMessage = 16 * 1'048'576;  ///< The largest WebSocket message that the client takes.
    Duration batchDelay{0};
    std::uint64_t seed = 0;
  };

  explicit SessionCore(Settings settings);
  SessionCore(const SessionCore&) = delete;
  SessionCore& operator=(const SessionCore&) = delete;

  /// Requires: no connection has been open.
  void setKey(std::string key) { greeting_.setKey(std::move(key)); }

  // Inputs from the application.
  void subscribe(SubscriberId id, std::string_view channel, bool conflate, std::uint64_t replay,
                 std::optional<Position> since);
  void unsubscribe(SubscriberId id, std::string_view channel) { channels_.unsubscribe(id, channel); }
  void call(Time now, Call call) { outbox_.add(now, std::move(call)); }
  /// Ends a request: the application does not need its reply any more.
  void cancel(CallId id) { outbox_.cancel(id, isUp(phase_)); }
  void authenticate(std::string token);

  // Inputs from the connection.
  void opened(Time now, std::optional<std::string> token);
  void arrived(Time now, ServerMessage& message);
  /// `forGood`: no attempt follows by itself.
  void ended(bool forGood);
  /// Before `ended`: the server called this client too slow.
  void calledSlow() noexcept { outbox_.calledSlow(); }
  /// Before `ended`: the server takes no message that large. Ends each unanswered call that may be the cause.
  ///
  /// Returns: whether there was one, or a publish without acknowledgement that may be the cause.
  bool calledTooLarge() { return outbox_.calledTooLarge(); }
  /// Probes the server: sends a `ping`, ahead of everything else.
  ///
  /// Requires: `t` is not zero.
  void probe(Time now, std::uint64_t t);
  /// Shows the server a sign of life, unless a probe does already.
  void reassure();

  // Input from the clock.
  void tick(Time now);

  // Answers.
  [[nodiscard]] std::optional<SessionAction> takeAction();
  [[nodiscard]] bool hasActions() const noexcept { return !actions_.empty(); }
  /// The next action where it lies, if that is an event; null for every other. Requires: there is an action.
  [[nodiscard]] const EventArrived* nextEvent() const noexcept { return std::get_if<EventArrived>(&actions_.front()); }
  /// Drops it. Requires: the last call was `nextEvent`, which returned one.
  void dropEvent() { actions_.pop_front(); }
  /// WebSocket messages to send now, of about `room` bytes together.
  [[nodiscard]] std::vector<Framer::Batch> takeBatches(Time now, std::size_t room);
  [[nodiscard]] std::optional<Time> deadline() const;
  [[nodiscard]] bool hasToSend() const noexcept { return ping_ || !heads_.empty() || outbox_.hasToSend(); }
  /// Whether nothing waits to be sent or acknowledged. Requests are not waited for: the application could not use a
  /// reply once the session closes.
  [[nodiscard]] bool isSettled() const noexcept { return !hasToSend() && outbox_.hasAnswers(); }
  /// The server's time since 1970, less the time here.
  [[nodiscard]] std::optional<Duration> serverOffset() const noexcept { return clock_.offset(); }
  /// Why the server refused the last `hello`, if it did.
  [[nodiscard]] const std::optional<SessionError>& refusal() const noexcept { return greeting_.refusal(); }

 private:
  bool step(PhaseTrigger on) noexcept;
  void fail(ServerHead& head, Phase before);

  void welcomed(Time now, Welcome& head);
  void ponged(Time now, const Pong& head);
  void refused(Time now, ErrorHead& head);
  [[nodiscard]] bool waitsForMore(Time now);

  Random random_;
  ActionQueue actions_;
  HeadQueue heads_;
  Phase phase_ = Phase::Down;
  Greeting greeting_;
  Channels channels_;
  Outbox outbox_;
  ServerClock clock_;
  BatchDelay batchDelay_;
  std::optional<std::string> ping_;  // Waits to be sent.
};

}  // namespace tidewire::core::protocol
