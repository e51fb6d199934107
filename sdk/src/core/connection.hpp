#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "core/backoff.hpp"
#include "core/ending.hpp"
#include "core/heartbeat.hpp"
#include "core/outgoing.hpp"
#include "core/random.hpp"
#include "core/send_queue.hpp"
#include "core/time.hpp"
#include "core/transitions.hpp"
#include "tidewire/options.hpp"

namespace tidewire::core {

/// Make a transport and open it.
struct Dial {};
/// Cut the transport, if there still is one, and throw it away.
struct Abort {};
/// Send a WebSocket Ping with this payload.
struct SendPing {
  std::array<std::byte, 8> payload;
};
/// Send `HeartbeatOptions::message`, ahead of what is queued.
struct SendQuestion {};
/// Send a Close frame; nothing follows it.
struct SendClose {
  std::uint16_t code;
  std::string reason;
};
/// What the core asks of whoever drives it. The last four are for the application.
using Action =
    std::variant<Dial, Abort, SendPing, SendQuestion, SendClose, StateChange, Opened, CloseInfo, HeartbeatInfo>;

/// Decides everything about one client's connection: when to dial, ask, give up, wait, and what may be sent. Pure: time
/// and the seed of its randomness are arguments.
///
/// Whoever drives it gives one input, performs every action (`takeAction` until it is empty) before the next, sends
/// what `takeOutgoing` yields while the transport has room, and calls `tick` when `deadline` has come. An input that
/// does not fit the state is dropped: the world may be a step behind.
class Connection {
 public:
  /// `options` outlives the connection. `sendsPings`: the transport can send a WebSocket Ping.
  Connection(const Options& options, bool sendsPings, std::uint64_t seed);

  // Inputs from the application.
  void connect(Time now);
  void close(Time now, std::uint16_t code, std::string_view reason);
  void reconnect(Time now);
  void askNow(Time now);
  void enqueue(Outgoing message) { queue_.push(std::move(message)); }

  // Inputs from the transport.
  void transportOpened(Time now, std::string_view subprotocol);
  void bytesArrived() noexcept { heartbeat_.heard(); }
  void pongArrived(Time now, std::span<const std::byte> payload);
  /// Whether a text that equals `HeartbeatOptions::answer` would now be an answer, and not a message.
  [[nodiscard]] bool expectsAnswer() const noexcept { return asksWithText() && heartbeat_.unanswered() > 0; }
  void answerArrived(Time now);
  void transportEnded(Time now, Ending ending);
  void readingPaused(Time now, bool paused);

  // Input from the clock.
  void tick(Time now);

  // Answers.
  [[nodiscard]] std::optional<Action> takeAction();
  /// Whether a message that comes now could go to the transport without being queued.
  [[nodiscard]] bool passesThrough() const noexcept { return state_ == State::Open && queue_.empty(); }
  /// The next message that the transport may have, if it may have one. May lead to a further action.
  [[nodiscard]] std::optional<Outgoing> takeOutgoing();
  [[nodiscard]] std::optional<Time> deadline() const;

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] const SendQueue& queue() const noexcept { return queue_; }
  /// Whether there is something to ask with.
  [[nodiscard]] bool canAsk() const noexcept { return sendsPings_ || asksWithText(); }

 private:
  [[nodiscard]] bool asksWithText() const noexcept { return !options_.heartbeat.message.empty(); }
  [[nodiscard]] bool hasTransport() const noexcept {
    return state_ == State::Connecting || state_ == State::Open || state_ == State::Closing;
  }

  void move(Trigger trigger);
  void beginAttempt(Time now);
  void endAttempt(Time now, Ending ending);
  void cutAttempt(Time now, Ending ending);
  void finishClosing(Time now);
  void ask();
  [[nodiscard]] Duration delayAfter(CloseCause cause, bool stayedUp);
  [[nodiscard]] std::size_t dropUnsent();
  void report(Action action) { actions_.push_back(std::move(action)); }

  const Options& options_;
  const bool sendsPings_;
  Random random_;
  Backoff backoff_;
  Heartbeat heartbeat_;
  SendQueue queue_;
  std::deque<Action> actions_;

  State state_ = State::Idle;
  std::uint64_t attempt_ = 0;
  std::uint64_t timesOpen_ = 0;
  std::uint64_t question_ = 0;
  Time attemptBeganAt_{};
  Time openedAt_{};
  // When Connecting or Closing took too long, or Waiting is over.
  Time stateEndsAt_{};

  // Closing: what is left to send before the Close frame, and whether connect() was called meanwhile.
  std::size_t toFlush_ = 0;
  std::optional<SendClose> closeFrame_;
  bool connectAfterClose_ = false;
};

}  // namespace tidewire::core
