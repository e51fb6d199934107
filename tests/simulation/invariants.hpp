#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/connection.hpp"
#include "input.hpp"
#include "network.hpp"
#include "plan.hpp"

namespace tidewire::simulation {

/// What holds in every run, whatever the world and the user do.
struct Invariant {
  const char* name;
  const char* sentence;
};

namespace invariant {

inline constexpr Invariant kTable{"table", "Every change of state is a row of the table of transitions."};
inline constexpr Invariant kTerminalEvent{
    "terminal event",
    "Each attempt ends in exactly one close event, which is the last event of it and tells the truth."};
inline constexpr Invariant kOneTransport{
    "one transport", "There are never two transports, and none outside Connecting, Open and Closing."};
inline constexpr Invariant kOneDial{
    "one dial",
    "An attempt asks for its endpoint once, if there is a function for it, and dials once, when it has it."};
inline constexpr Invariant kNotBeforeOpen{
    "not before open",
    "Nothing reaches the wire before open, nothing but what onOpen sends before onOpen returned, and "
    "nothing after the Close frame."};
inline constexpr Invariant kBackoff{
    "backoff",
    "Each wait is a random time between zero and min(maxDelay, firstDelay * 2^n), on top of Retry-After; n is "
    "zero again after connect() and after a connection that stayed open."};
inline constexpr Invariant kSlow{
    "slow", "Where the server has nothing for us, the wait is a random time between half of maxDelay and maxDelay."};
inline constexpr Invariant kRetryIn{
    "retryIn",
    "retryIn is the real wait: the attempt begins no earlier and no later, except that a hint may shorten the "
    "wait, though never below Retry-After."};
inline constexpr Invariant kWillRetry{
    "willRetry", "willRetry is true exactly where the retry policy and maxAttempts allow another attempt."};
inline constexpr Invariant kAsked{
    "asked for",
    "No attempt begins that neither connect(), nor reconnect(), nor a retry asked for; connect() while "
    "closing is kept for later."};
inline constexpr Invariant kCloseIsFinal{"close is final",
                                         "After close() nothing but connect() leads to another attempt."};
inline constexpr Invariant kTimeouts{
    "timeouts", "An attempt that is not open within connectTimeout ends then, and so does a close after closeTimeout."};
inline constexpr Invariant kReconnect{"reconnect()",
                                      "reconnect() ends the present attempt and begins another at once."};
inline constexpr Invariant kDeadline{"deadline",
                                     "Whatever will be due has a deadline, and what is due is done by a tick."};
inline constexpr Invariant kQueueBounds{"queue bounds", "After each round the queue is within its bounds."};
inline constexpr Invariant kAccounting{
    "accounting",
    "Each message is handed over once, or dropped and reported once with the right reason, or still queued."};
inline constexpr Invariant kOrder{
    "order", "Messages leave in call order; what onOpen of this connection sent goes before the others."};
inline constexpr Invariant kExpiry{"maxAge", "No message is handed over, or kept, that is older than maxAge."};
inline constexpr Invariant kDisplaced{
    "displaced", "A message is displaced only when the queue is too full, and then it is the one that waited longest."};
inline constexpr Invariant kFlush{
    "flush", "Closing sends what was queued before close(), no more and no less, before the Close frame."};
inline constexpr Invariant kUnconfirmed{
    "unconfirmed", "A message counts as confirmed only if the peer has it, and does if a later probe was answered."};
inline constexpr Invariant kNeverOpened{
    "neverOpened", "neverOpened is told from the third failure since connect() on, while none has ever opened."};
inline constexpr Invariant kHeartbeatProbes{
    "heartbeat asks",
    "A probe goes out when it is due and not otherwise: none while one is judged or reading is paused."};
inline constexpr Invariant kReassures{
    "reassures", "A peer that awaits probes is reassured while reading is paused, as often as it awaits them."};
inline constexpr Invariant kHeartbeatJudges{
    "heartbeat judges",
    "Only silence for the whole timeout kills a connection, after a grace if the judge comes late; and "
    "it does kill it."};
inline constexpr Invariant kRoundTrip{"round trip",
                                      "A round trip is told only by the first answer to the newest probe."};
inline constexpr Invariant kTaken{"answers taken",
                                  "Of numbered probes exactly the answers to those of this connection are taken, "
                                  "each once; all else is delivered."};
inline constexpr Invariant kWake{
    "wake", "After a wake-up a connection that cannot be asked is cut where onWake says so, and only there."};
inline constexpr Invariant kOpened{"opened",
                                   "Each open is told with the number of its attempt and of the opens before it."};
inline constexpr Invariant kHeals{
    "heals",
    "After the network has healed, a client that wants to be open is, within maxDelay and the connect time, and "
    "stays so."};

}  // namespace invariant

/// An invariant that does not hold.
struct Violation {
  const Invariant& broken;
  std::string detail;
};

inline void require(bool holds, const Invariant& invariant, const char* detail) {
  if (!holds) {
    throw Violation{invariant, detail};
  }
}

/// Holds the heartbeat of one client against what is promised of it.
class LivenessRules {
 public:
  explicit LivenessRules(const Plan& plan);

  void opened(core::Time now);
  void over() { open_ = false; }
  void heard(core::Time now);
  void paused(core::Time now, bool paused);
  void transportGone() { pausedSince_.reset(); }
  void askedNow(core::Time now);
  void distrusted();
  /// Before an input that ticks.
  void ticks(core::Time now);
  void asks(core::Time now);
  void reassures(core::Time now);
  void dies(core::Time now) const;
  /// After an input that ticked.
  void ticked(core::Time now) const;
  void settled(core::Time now, std::optional<core::Time> deadline) const;

 private:
  // When silence means death, and when that was first looked at, too late.
  struct Due {
    std::optional<core::Time> at;
    std::optional<core::Time> lateSeen;
  };
  [[nodiscard]] bool kills(const Due& due, core::Time now) const;

  const Plan& plan_;
  const HeartbeatOptions& options_;
  bool open_ = false;
  Due probe_;
  Due silence_;
  std::optional<core::Time> pausedSince_;
  core::Duration pausedBeforeOpen_{};  // By so much the first silence may be judged later.
  core::Duration interval_{};
  core::Time nextProbe_{};
  core::Time nextReassurance_{};
  bool probesWanted_ = false;
  bool distrusts_ = false;
  bool probeDistrusts_ = false;
  unsigned survived_ = 0;  // Ticks, each a grace apart, that found silence overdue.
  core::Time lastSurvived_{};
};

/// Watches one client and throws a `Violation` where an invariant does not hold. It knows only what goes into the
/// connection and what comes out of it, and keeps its own books.
class Invariants {
 public:
  Invariants(const Plan& plan, Coverage& coverage);

  /// Before each input. `ending`: with TransportEnded.
  void given(core::Time now, Input input, const core::Connection& connection, const core::Ending* ending = nullptr);
  /// What comes with some inputs.
  void endpointAnswered(std::uint64_t attempt) { answeredEndpoint_ = answeredEndpoint_ || attempt == attempts_; }
  void openReturned(std::uint64_t attempt) { openReturned_ = openReturned_ || attempt == attempts_; }
  void pong(std::uint64_t payload) { pong_ = payload; }
  void text(std::string_view text) { text_ = text; }
  /// Whether that text was an answer.
  void taken(bool taken);
  /// Each action, before it is performed. `wire`: the transport, if there is one.
  void check(core::Time now, const core::Action& action, const Wire* wire);
  /// A message that was enqueued, and the answer is its number; one that was handed over; one whose payload was freed.
  [[nodiscard]] std::uint64_t queued(core::Time now, std::size_t sizeBytes, bool first);
  void handedOver(core::Time now, std::uint64_t message);
  void freed(std::uint64_t message) noexcept {
    if (messages_[message].queued) {
      freed_.push_back(message);
    }
  }
  /// Whenever all actions are performed; and then, after an input, whether it had the effect that it has to have.
  void performed(core::Time now, const core::Connection& connection, const Wire* wire);
  void checkEffect() const;
  /// After each round.
  void settled(core::Time now, const core::Connection& connection);

  [[nodiscard]] bool wantsUp() const { return wish_ == Wish::Up; }
  [[nodiscard]] bool takesMessages() const { return wish_ != Wish::Down; }
  [[nodiscard]] std::uint64_t attempts() const { return attempts_; }

 private:
  enum class Wish : std::uint8_t { Nothing, Up, Down };

  struct Message {
    std::size_t sizeBytes;
    core::Time since;
    bool first;
    std::uint64_t opens;  // How many connections had opened when it came.
    bool queued = true;
  };

  void follow(const core::RequestEndpoint& action);
  void follow(const core::Dial& action);
  void follow(const core::Abort& action);
  void follow(const core::SendPing& action);
  void follow(const core::SendProbeText& action);
  void follow(const core::Reassure& action);
  void follow(const core::SendClose& action);
  void follow(const StateChange& change);
  void follow(const Opened& opened);
  void follow(const Dropped& dropped);
  void follow(const CloseInfo& info);
  void follow(const HeartbeatInfo& info);

  void attemptBegins(State from);
  void checkCause(const CloseInfo& info);
  void takeOut(std::uint64_t number);
  void checkRetry(const CloseInfo& info);
  void checkUnconfirmed(const CloseInfo& info);
  void checkNeverOpened(const CloseInfo& info);
  void asked(std::uint64_t mark);
  void checkDropped(DropReason reason, const Message& message, std::uint64_t number) const;
  void checkWait(core::Time deadline);
  void noteWait(core::Duration wait);
  void noteHint();
  [[nodiscard]] bool expectsRetry(const CloseInfo& info);
  [[nodiscard]] bool expectsSlow(const CloseInfo& info) const;
  void checkSlowWait(const CloseInfo& info);
  [[nodiscard]] bool answersPing() const {
    return options_.heartbeat.message.empty() && probes_ > 0 && pong_ == newestPing_;
  }
  [[nodiscard]] bool answersText() const;
  /// Whether all that waits is for the connection that ends.
  [[nodiscard]] bool endsWithConnection() const {
    return endedFrom_ == State::Open && options_.sendQueue.whenNotOpen == WhenNotOpen::Refuse;
  }
  [[nodiscard]] bool isFirst(const Message& message) const { return message.first && message.opens == opens_; }
  [[nodiscard]] core::Duration ceiling(std::uint64_t waits) const;

  const Plan& plan_;
  const Options& options_;
  Coverage& coverage_;
  LivenessRules liveness_;

  // The input, the time and the transport at hand.
  core::Time now_{};
  Input input_ = Input::Tick;
  State before_ = State::Idle;
  const Wire* wire_ = nullptr;
  std::optional<core::Ending> ending_;

  State state_ = State::Idle;
  Wish wish_ = Wish::Nothing;
  bool deferredConnect_ = false;

  // The present attempt, or the last.
  std::uint64_t attempts_ = 0;
  bool running_ = false;
  std::optional<State> endedFrom_;  // It has left its states, and its close event is still to come.
  core::Time began_{};
  core::Time openedAt_{};
  core::Time closingSince_{};
  bool wasOpen_ = false;
  bool askedEndpoint_ = false;
  bool dialed_ = false;
  bool closeSent_ = false;
  bool openReturned_ = false;
  std::uint16_t closeCode_ = 0;
  bool answeredEndpoint_ = false;
  std::uint64_t opens_ = 0;

  // Since connect().
  std::uint64_t inRow_ = 0;
  std::uint64_t waits_ = 0;
  std::uint64_t misaddressed_ = 0;
  std::uint64_t failures_ = 0;  // By themselves.
  std::uint64_t unopened_ = 0;  // Those that the user ended too.
  bool everOpened_ = false;
  bool refusedFresh_ = false;
  std::optional<std::uint64_t> lastClosed_;

  // The present wait.
  core::Time notBefore_{};
  core::Time earliest_{};
  core::Time latest_{};
  bool waitIsNew_ = false;
  bool hintIsNew_ = false;
  // Over all waits of the seed: how many were as long as they could be, and how many in a row in the same half.
  unsigned longest_ = 0;
  unsigned slow_ = 0;  // Slow ones, and how many of them were as long as they could be.
  unsigned longestSlow_ = 0;
  unsigned inLowerHalf_ = 0;
  unsigned inUpperHalf_ = 0;
  unsigned afterHintAtOnce_ = 0;

  std::vector<Message> messages_;
  std::vector<std::uint64_t> waiting_;  // Numbers of those that are queued, ascending.
  std::vector<std::uint64_t> freed_;
  std::size_t waitingBytes_ = 0;
  std::size_t droppedWithClose_ = 0;
  std::uint64_t closedBefore_ = 0;  // The first number that came after close().
  std::uint64_t ordinaryBefore_ = 0;
  std::uint64_t firstBefore_ = 0;

  // Messages and probes of this connection.
  std::uint64_t handed_ = 0;
  std::uint64_t confirmed_ = 0;
  std::uint64_t mark_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t probes_ = 0;
  std::uint64_t answers_ = 0;
  std::uint64_t newestPing_ = 0;
  std::uint64_t pong_ = 0;
  std::string text_;
  std::string newestAnswer_;                // That the newest text probe wants.
  std::vector<std::string> wantedAnswers_;  // Those that may still come, the oldest probe's first.
  bool answered_ = true;                    // The newest probe.
  core::Time askedAt_{};
};

}  // namespace tidewire::simulation
