#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "core/admission.hpp"
#include "core/backoff.hpp"
#include "core/ending.hpp"
#include "core/heartbeat.hpp"
#include "core/outgoing.hpp"
#include "core/probe_text.hpp"
#include "core/random.hpp"
#include "core/retry_policy.hpp"
#include "core/ring_queue.hpp"
#include "core/round_trips.hpp"
#include "core/send_queue.hpp"
#include "core/time.hpp"
#include "core/transitions.hpp"
#include "core/wake_watch.hpp"
#include "tidewire/options.hpp"

namespace tidewire::core {

/// Ask `Options::endpoint` where this attempt goes; the answer is an input.
struct RequestEndpoint {
  std::uint64_t attempt;
  std::optional<CloseInfo> lastClose;
};
/// Make a transport and open it.
struct Dial {};
/// Cut the transport, if there still is one, and throw it away.
struct Abort {};
/// Send a WebSocket Ping with this payload.
struct SendPing {
  std::array<std::byte, 8> payload;
};
/// The number in a Ping's payload.
[[nodiscard]] std::uint64_t numberOf(const SendPing& ping) noexcept;
/// Send this text ahead of queued messages: `HeartbeatOptions::message`, with its number if it has a place for one.
struct SendProbeText {
  std::string text;
};
/// Send a sign of life to a peer that expects probes; its answer proves nothing.
struct Reassure {};
/// Send a Close frame; nothing follows it.
struct SendClose {
  std::uint16_t code;
  std::string reason;
};
/// An action for the driver of the core. Those from `StateChange` on are events for the application.
using Action = std::variant<RequestEndpoint, Dial, Abort, SendPing, SendProbeText, Reassure, SendClose, StateChange,
                            Opened, Dropped, CloseInfo, HeartbeatInfo>;

/// Decides everything about one client's connection: when to dial, probe, give up and wait, and which messages may be
/// sent. Pure: time
/// and the seed of its randomness are arguments.
///
/// Its driver gives one input, performs every action (`takeAction` until it is empty) before the next, sends
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
  void probeNow(Time now);
  void enqueue(Time now, Outgoing message) { queue_.push(std::move(message), now); }
  /// For messages that `onOpen` of the present connection sends: they precede queued ones. Requires: `takesFirst`.
  void enqueueFirst(Time now, Outgoing message) {
    state_ == State::Closing ? queue_.push(std::move(message), now) : queue_.pushFirst(std::move(message), now);
  }
  /// Whether what `onOpen` of that attempt sends may still leave on its connection.
  [[nodiscard]] bool takesFirst(std::uint64_t attempt) const noexcept {
    return attempt == attempt_ && (state_ == State::Open || state_ == State::Closing);
  }
  /// `onOpen` of that attempt has returned: queued messages may follow.
  void openReturned(std::uint64_t attempt) noexcept { openReturned_ = openReturned_ || attempt == attempt_; }
  /// Drops the oldest messages until the queue is within its limits.
  void trimQueue();

  // Inputs from `Options::endpoint`. They have no effect once that attempt is over, or is answered.
  void endpointAnswered(Time now, std::uint64_t attempt);
  void endpointFailed(Time now, std::uint64_t attempt, std::string_view why);

  // Inputs from the platform.
  void hint(Time now, Hint hint);

  // Inputs from the transport.
  /// `heartbeat`: longest interval of probes that the peer accepts; zero: any.
  void transportOpened(Time now, std::string_view subprotocol, HandshakeTimes times = {},
                       Duration heartbeat = Duration::zero());
  void bytesArrived(Time now) noexcept { heartbeat_.heard(now); }
  void pongArrived(Time now, std::span<const std::byte> payload);
  /// The probe of `SendPing` was answered.
  void probeAnswered(Time now, std::uint64_t number);
  /// Whether a text could now be the answer to a probe of ours. Then none is that is longer than `longestAnswer`.
  [[nodiscard]] bool expectsAnswer() const noexcept { return probesWithText() && heartbeat_.unanswered() > 0; }
  [[nodiscard]] std::size_t longestAnswer() const noexcept { return answerText_.longestBytes(); }
  /// Returns whether the text was an answer, and so is no message.
  [[nodiscard]] bool answerArrived(Time now, std::string_view text);
  void transportEnded(Time now, Ending ending);
  void readingPaused(Time now, bool paused);
  /// The transport has taken so many messages.
  void handedOver(std::size_t messages) noexcept { handedOver_ += messages; }
  /// The newest probe has been handed over. `last`: behind everything else, so its answer proves all of it arrived.
  void probeHandedOver(bool last) noexcept;

  // Input from the clock.
  void tick(Time now);

  // Answers.
  [[nodiscard]] std::optional<Action> takeAction();
  /// Whether a message that comes now could go to the transport without being queued.
  [[nodiscard]] bool passesThrough() const noexcept { return state_ == State::Open && openReturned_ && queue_.empty(); }
  /// Whether messages have an age at which they are dropped: then each has to be queued when it is taken.
  [[nodiscard]] bool expiresMessages() const noexcept { return admission_.expires(); }
  /// The next message that the transport may have, if it may have one. May lead to further actions.
  [[nodiscard]] std::optional<Outgoing> takeOutgoing(Time now);
  /// Whether `takeOutgoing` may have something to give or to do.
  [[nodiscard]] bool hasOutgoing() const noexcept { return !queue_.empty() || closeFrame_; }
  [[nodiscard]] std::optional<Time> deadline() const;

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] std::uint64_t attempt() const noexcept { return attempt_; }
  [[nodiscard]] const SendQueue& queue() const noexcept { return queue_; }
  /// Whether this attempt waits for `Options::endpoint`.
  [[nodiscard]] bool awaitsEndpoint(std::uint64_t attempt) const noexcept {
    return awaitsEndpoint_ && attempt == attempt_;
  }
  /// Whether a probe can be sent.
  [[nodiscard]] bool canProbe() const noexcept { return sendsPings_ || probesWithText(); }

 private:
  [[nodiscard]] bool probesWithText() const noexcept { return !options_.heartbeat.message.empty(); }
  [[nodiscard]] bool hasTransport() const noexcept {
    return state_ == State::Connecting || state_ == State::Open || state_ == State::Closing;
  }

  void move(Trigger trigger);
  void beginAttempt(Time now);
  void endAttempt(Time now, Ending ending);
  void cutAttempt(Time now, Ending ending);
  [[nodiscard]] std::string connectTimeoutText() const;
  [[nodiscard]] std::string heartbeatText() const;
  [[nodiscard]] std::string endingText(const Ending& ending, bool closing) const;
  void finishClosing(Time now);
  void tickState(Time now);
  void probe();
  void answered(Duration roundTrip);
  [[nodiscard]] bool numberedAnswerArrived(Time now, std::uint64_t number);
  /// Whether an attempt follows one that ended like this; notes it in the history.
  [[nodiscard]] bool decideRetry(const Ending& ending, bool stayedUp);
  [[nodiscard]] Duration delayAfter(Time now, const Ending& ending);
  [[nodiscard]] std::uint64_t unconfirmed(const Ending& ending) const noexcept;
  [[nodiscard]] Dropped dropUnsent();
  void dropExpired(Time now);
  void dropStale(bool wasOpen);
  void dropInto(Dropped& dropped, std::size_t at);
  [[nodiscard]] std::optional<Time> stateDeadline() const;
  [[nodiscard]] bool hasExpired(Time now) const {
    return !queue_.empty() && admission_.hasExpired(now - queue_.oldestSince());
  }
  void report(Action action) { actions_.push_back(std::move(action)); }

  const Options& options_;
  const bool sendsPings_;
  Random random_;
  Backoff backoff_;
  const ProbeText probeText_;
  const ProbeText answerText_;
  Heartbeat heartbeat_;
  RoundTripMeter roundTrips_;
  const Admission admission_;
  SendQueue queue_;
  RingQueue<Action> actions_;

  State state_ = State::Idle;
  std::uint64_t attempt_ = 0;
  std::uint64_t timesOpen_ = 0;
  std::uint64_t probe_ = 0;         // The newest probe's number.
  std::uint64_t answeredUpTo_ = 0;  // Text probes: an answer with this number or a lower one does not count.
  Time attemptBeganAt_{};
  Time openedAt_{};
  // When Connecting or Closing took too long, or Waiting is over; and before when the server wants no retry.
  Time stateEndsAt_{};
  Time retryNotBefore_{};

  // Since connect().
  RetryHistory history_;
  std::uint64_t failures_ = 0;
  std::unique_ptr<const CloseInfo> lastClose_;  // Only with Options::endpoint, which gets it.

  bool awaitsEndpoint_ = false;
  std::optional<std::chrono::microseconds> endpointTime_;
  bool openReturned_ = false;

  // Messages of this connection: handed over, at the newest probe, and proved to have arrived.
  std::uint64_t handedOver_ = 0;
  std::uint64_t beforeProbe_ = 0;
  std::uint64_t confirmed_ = 0;

  // Closing: the messages left to send before the Close frame, and whether connect() was called meanwhile.
  std::size_t toFlush_ = 0;
  std::uint16_t closeCode_ = 0;
  std::optional<SendClose> closeFrame_;
  bool connectAfterClose_ = false;
};

}  // namespace tidewire::core
