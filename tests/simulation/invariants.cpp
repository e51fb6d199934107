#include "invariants.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <utility>
#include <variant>

namespace tidewire::simulation {
namespace {

using namespace std::chrono_literals;
using namespace invariant;
using core::Duration;
using core::Time;
using core::Trigger;

// Shorter ceilings may well be met by chance.
constexpr Duration kTellingCeiling = 1ms;
constexpr Duration kTellingSlowWait = 1s;
// By chance once in 2^40.
constexpr unsigned kTooManyInARow = 40;
constexpr std::uint64_t kNoConnection = ~std::uint64_t{0};

Trigger triggerOf(State from, const CloseInfo& info) {
  if (info.cause == CloseCause::ReconnectRequested) {
    return Trigger::ReconnectRequested;
  }
  if (info.cause == CloseCause::ClosedByUser && from == State::Connecting) {
    return Trigger::CloseCalled;
  }
  return info.willRetry ? Trigger::EndedForNow : Trigger::EndedForGood;
}

/// The table in `docs/design.md`, written down a second time.
bool isFinal(const CloseInfo& info, const ReconnectOptions& options) {
  switch (info.cause) {
    case CloseCause::ClosedByUser:
    case CloseCause::UntrustedCertificate:
    case CloseCause::MessageTooBig:
    case CloseCause::Unavailable:
      return true;
    case CloseCause::ClosedByPeer:
      return info.code == 1008 || info.code == 1009 ||
             std::count(options.finalCodes.begin(), options.finalCodes.end(), info.code) > 0;
    case CloseCause::HandshakeRefused:
      return info.httpStatus == 401 || info.httpStatus == 403;
    default:
      return false;
  }
}

/// The statuses of the table's rows, each by itself.
bool isMisaddressed(const CloseInfo& info) {
  constexpr std::array kStatuses = {101, 400, 404, 410, 426};
  return info.cause == CloseCause::HandshakeRefused &&
         std::find(kStatuses.begin(), kStatuses.end(), info.httpStatus) != kStatuses.end();
}

bool isHint(Input input) {
  return input == Input::WokeUp || input == Input::Online || input == Input::Offline || input == Input::Visible;
}

}  // namespace

Invariants::Invariants(const Plan& plan, Coverage& coverage)
    : plan_(plan), options_(plan.options), coverage_(coverage), liveness_(plan) {}

// Inputs.

void Invariants::given(Time now, Input input, const core::Connection& connection, const core::Ending* ending) {
  require(connection.state() == state_, kTable, "a state was entered without being reported");
  coverage_.count(state_, input);
  now_ = now;
  input_ = input;
  before_ = state_;
  ending_ = ending == nullptr ? std::nullopt : std::optional(*ending);
  switch (input) {
    case Input::Connect:
      wish_ = Wish::Up;
      deferredConnect_ = state_ == State::Closing;
      break;
    case Input::Close:
      wish_ = wish_ == Wish::Up ? Wish::Down : wish_;
      deferredConnect_ = false;
      if (state_ == State::Open) {
        closedBefore_ = messages_.size();
      }
      break;
    case Input::ProbeNow:
      liveness_.askedNow(now);
      if (plan_.canProbe()) {
        liveness_.ticks(now);
      }
      break;
    case Input::WokeUp:
    case Input::Online:
    case Input::Offline:
    case Input::Visible:
      noteHint();
      break;
    case Input::Tick:
      liveness_.ticks(now);
      break;
    case Input::BytesArrived:
      liveness_.heard(now);
      break;
    case Input::AnswerArrived:
      ++answers_;
      break;
    case Input::ReadingPaused:
    case Input::ReadingResumed:
      liveness_.paused(now, input == Input::ReadingPaused);
      break;
    default:
      break;
  }
}

void Invariants::noteHint() {
  if (state_ == State::Open && plan_.canProbe()) {
    liveness_.distrusted();
    liveness_.ticks(now_);
  } else if (state_ == State::Waiting && input_ != Input::Offline) {
    earliest_ = std::min(earliest_, std::max(now_, notBefore_));
    latest_ = std::min(latest_, std::max(now_ + ceiling(0), notBefore_));
    hintIsNew_ = true;
  }
}

std::uint64_t Invariants::queued(Time now, std::size_t sizeBytes, bool first) {
  // What a late onOpen sends while closing is for the next connection, and nothing special there.
  const std::uint64_t opens = state_ == State::Closing ? kNoConnection : opens_;
  messages_.push_back({.sizeBytes = sizeBytes, .since = now, .first = first, .opens = opens});
  waiting_.push_back(messages_.size() - 1);
  waitingBytes_ += sizeBytes;
  return messages_.size() - 1;
}

void Invariants::takeOut(std::uint64_t number) {
  const auto place = std::lower_bound(waiting_.begin(), waiting_.end(), number);
  require(place != waiting_.end() && *place == number, kAccounting, "a message left twice");
  waiting_.erase(place);
  waitingBytes_ -= messages_[number].sizeBytes;
  messages_[number].queued = false;
}

void Invariants::handedOver(Time now, std::uint64_t number) {
  takeOut(number);
  const Message& message = messages_[number];
  const bool first = isFirst(message);
  require(state_ == State::Open || state_ == State::Closing, kNotBeforeOpen, "a message left while not open");
  require(!closeSent_, kNotBeforeOpen, "a message left after the Close frame");
  require(first || openReturned_ || state_ == State::Closing, kNotBeforeOpen, "a message left before onOpen returned");
  require(state_ != State::Closing || number < closedBefore_, kFlush, "sent after close(), and left before it");
  require(options_.sendQueue.maxAge == 0ms || now - message.since < options_.sendQueue.maxAge, kExpiry,
          "handed over too old");
  if (first) {
    require(number >= firstBefore_, kOrder, "what onOpen sent left in another order");
    firstBefore_ = number;
  } else {
    const bool firstWaits = std::any_of(waiting_.begin(), waiting_.end(), [this](std::uint64_t other) {
      // What has just been dropped is reported only after this.
      const bool isDropped = std::find(freed_.begin(), freed_.end(), other) != freed_.end();
      return isFirst(messages_[other]) && !isDropped && (state_ == State::Open || other < closedBefore_);
    });
    require(!firstWaits, kOrder, "a message overtook what onOpen sent");
  }
  if (!message.first) {
    require(number >= ordinaryBefore_, kOrder, "messages left in another order");
    ordinaryBefore_ = number;
  }
  ++handed_;
}

// Actions.

void Invariants::check(Time now, const core::Action& action, const Wire* wire) {
  now_ = now;
  wire_ = wire;
  std::visit([this](const auto& alternative) { follow(alternative); }, action);
}

void Invariants::follow(const core::RequestEndpoint& action) {
  require(running_ && !askedEndpoint_ && !dialed_ && static_cast<bool>(options_.endpoint), kOneDial,
          "asked for the endpoint at the wrong time");
  require(action.attempt == attempts_, kOneDial, "asked for the endpoint of another attempt");
  require(lastClosed_ ? action.lastClose && action.lastClose->attempt == *lastClosed_ : !action.lastClose, kOneDial,
          "the endpoint function is told of another close");
  askedEndpoint_ = true;
}

void Invariants::follow(const core::Dial&) {
  require(wire_ == nullptr, kOneTransport, "dialed while there is a transport");
  require(running_ && state_ == State::Connecting, kOneTransport, "dialed outside an attempt");
  require(!dialed_, kOneDial, "dialed twice");
  require(!options_.endpoint || answeredEndpoint_, kOneDial, "dialed without an endpoint of this attempt");
  dialed_ = true;
}

void Invariants::follow(const core::Abort&) {
  received_ = wire_ == nullptr ? 0 : wire_->received;
}

void Invariants::asked(std::uint64_t mark) {
  require(state_ == State::Open && wire_ != nullptr && wire_->open, kNotBeforeOpen, "asked while not open");
  liveness_.asks(now_);
  ++probes_;
  answered_ = false;
  askedAt_ = now_;
  mark_ = mark;
}

void Invariants::follow(const core::SendPing& action) {
  require(!plan_.isPage && options_.heartbeat.message.empty(), kHeartbeatProbes, "asked by other means than it has");
  asked(wire_ != nullptr && wire_->ahead.empty() ? handed_ : confirmed_);
  std::memcpy(&newestPing_, action.payload.data(), action.payload.size());
}

void Invariants::follow(const core::SendProbeText& action) {
  require(!options_.heartbeat.message.empty(), kHeartbeatProbes, "asked by other means than it has");
  asked(handed_);
  const std::string answer = "pong" + action.text.substr(4);
  require(answer != newestAnswer_ || !plan_.numbersProbes(), kTaken, "two probes have the same number");
  newestAnswer_ = answer;
  wantedAnswers_.push_back(answer);
}

void Invariants::taken(bool taken) {
  if (!plan_.numbersProbes()) {
    require(taken, kTaken, "the answer was taken for a message");
    return;
  }
  const auto wanted = std::find(wantedAnswers_.begin(), wantedAnswers_.end(), text_);
  require(taken == (wanted != wantedAnswers_.end()), kTaken,
          taken ? "a message was taken for an answer" : "an answer was taken for a message");
  wantedAnswers_.erase(wantedAnswers_.begin(), taken ? wanted + 1 : wantedAnswers_.begin());
}

bool Invariants::answersText() const {
  return plan_.numbersProbes() ? text_ == newestAnswer_ : answers_ == probes_;
}

void Invariants::follow(const core::Reassure&) {
  require(state_ == State::Open && wire_ != nullptr && wire_->open, kNotBeforeOpen, "reassured while not open");
  liveness_.reassures(now_);
}

void Invariants::follow(const core::SendClose& action) {
  require(state_ == State::Closing && wire_ != nullptr && wire_->open && !closeSent_, kNotBeforeOpen,
          "a Close frame left at the wrong time");
  require(waiting_.empty() || waiting_.front() >= closedBefore_, kFlush, "not all was sent before the Close frame");
  closeSent_ = true;
  closeCode_ = action.code;
}

void Invariants::follow(const StateChange& change) {
  const bool inTable = std::any_of(core::kTransitions.begin(), core::kTransitions.end(),
                                   [&](const auto& row) { return row.from == change.from && row.to == change.to; });
  require(inTable && change.from == state_, kTable, "a change of state that the table does not have");
  state_ = change.to;
  switch (change.to) {
    case State::Connecting:
      attemptBegins(change.from);
      break;
    case State::Open:
      require(running_ && wire_ != nullptr && wire_->open, kTable, "open without an open transport");
      coverage_.count(change.from, Trigger::HandshakeDone);
      break;
    case State::Closing:
      require(input_ == Input::Close, kTable, "closing without close()");
      coverage_.count(change.from, Trigger::CloseCalled);
      closingSince_ = now_;
      liveness_.over();
      break;
    default:
      liveness_.over();
      if (change.from == State::Waiting) {
        require(input_ == Input::Close, kWillRetry, "a retry that was announced was given up");
        coverage_.count(change.from, Trigger::CloseCalled);
      } else {
        require(running_ && !endedFrom_, kTerminalEvent, "an attempt ended twice");
        endedFrom_ = change.from;
      }
      break;
  }
}

void Invariants::attemptBegins(State from) {
  require(!running_ && !endedFrom_, kTerminalEvent, "an attempt began before the last one had ended");
  require(wish_ == Wish::Up, kCloseIsFinal, "an attempt began after close()");
  if (from == State::Waiting) {
    coverage_.count(from, Trigger::DelayOver);
    require(input_ == Input::Reconnect || now_ >= earliest_, kRetryIn, "the attempt began too early");
  } else {
    coverage_.count(from, Trigger::ConnectCalled);
    require(input_ == Input::Connect || (deferredConnect_ && before_ == State::Closing), kAsked,
            "an attempt that nobody asked for");
    deferredConnect_ = false;
    inRow_ = waits_ = failures_ = unopened_ = misaddressed_ = 0;
    everOpened_ = refusedFresh_ = false;
    lastClosed_.reset();
  }
  running_ = true;
  droppedWithClose_ = 0;
  began_ = now_;
  ++attempts_;
  ++inRow_;
  wasOpen_ = askedEndpoint_ = dialed_ = closeSent_ = openReturned_ = answeredEndpoint_ = false;
}

void Invariants::follow(const Opened& opened) {
  require(state_ == State::Open && input_ == Input::TransportOpened && !wasOpen_, kOpened, "told to be open twice");
  require(opened.attempt == attempts_ && opened.reconnects == opens_, kOpened, "wrong numbers");
  require(opened.handshakeTime == std::chrono::duration_cast<std::chrono::microseconds>(now_ - began_), kOpened,
          "wrong time");
  ++opens_;
  wasOpen_ = everOpened_ = true;
  openedAt_ = now_;
  openReturned_ = false;
  handed_ = confirmed_ = mark_ = probes_ = answers_ = 0;
  wantedAnswers_.clear();
  answered_ = true;
  liveness_.opened(now_);
}

void Invariants::follow(const Dropped& dropped) {
  require(dropped.messages <= freed_.size(), kAccounting, "more was reported than dropped");
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < dropped.messages; ++i) {
    const std::uint64_t number = freed_[i];
    checkDropped(dropped.reason, messages_[number], number);
    bytes += messages_[number].sizeBytes;
    takeOut(number);
  }
  freed_.erase(freed_.begin(), freed_.begin() + static_cast<std::ptrdiff_t>(dropped.messages));
  require(dropped.bytes == bytes, kAccounting, "wrong bytes were reported");
  droppedWithClose_ = dropped.reason == DropReason::Closed ? dropped.messages : 0;
}

void Invariants::checkDropped(DropReason reason, const Message& message, std::uint64_t number) const {
  const SendQueueOptions& limits = options_.sendQueue;
  switch (reason) {
    case DropReason::Closed:
      require(state_ == State::Closed, kAccounting, "dropped as closed while not closed");
      require(!deferredConnect_ || number < closedBefore_, kFlush, "dropped what was for the next connection");
      break;
    case DropReason::Expired:
      require(limits.maxAge > 0ms && now_ - message.since >= limits.maxAge, kExpiry, "dropped before its time");
      break;
    case DropReason::Stale:
      require(endedFrom_.has_value() && state_ == State::Waiting && (isFirst(message) || endsWithConnection()), kOrder,
              "dropped as stale, and not for the connection that ends alone");
      break;
    case DropReason::Refused:
      require(false, kAccounting, "the core refuses nothing that it has accepted");
      break;
    case DropReason::Displaced:
      require(limits.whenFull == WhenFull::DropOldest &&
                  (waiting_.size() > limits.maxMessages || waitingBytes_ > limits.maxBytes),
              kDisplaced, "there was room");
      for (const std::uint64_t other : waiting_) {
        const bool otherIsOrdinary = !messages_[other].first;
        require(!isFirst(message) || !otherIsOrdinary, kDisplaced, "what onOpen sent went before others");
        require(message.first || !otherIsOrdinary || other >= number, kDisplaced, "another had waited longer");
      }
      break;
  }
}

void Invariants::follow(const CloseInfo& info) {
  require(running_ && endedFrom_.has_value(), kTerminalEvent, "a close event without an end");
  require(wire_ == nullptr, kOneTransport, "the attempt's transport outlives it");
  require(info.attempt == attempts_ && info.wasOpen == wasOpen_, kTerminalEvent, "of another attempt");
  checkCause(info);
  coverage_.count(*endedFrom_, triggerOf(*endedFrom_, info));
  checkRetry(info);
  checkUnconfirmed(info);
  checkNeverOpened(info);
  require(std::none_of(waiting_.begin(), waiting_.end(),
                       [this](std::uint64_t number) { return isFirst(messages_[number]); }),
          kOrder, "what onOpen sent outlives its connection");
  require(!info.willRetry || !endsWithConnection() || waiting_.empty(), kOrder,
          "what is worthless later outlives its connection");
  liveness_.transportGone();
  require(info.droppedMessages == std::exchange(droppedWithClose_, 0), kAccounting, "wrong droppedMessages");
  if (*endedFrom_ == State::Closing) {
    require(waiting_.empty() || waiting_.front() >= closedBefore_, kFlush,
            "what was sent before close() is still queued");
  }
  if (state_ == State::Closed && !deferredConnect_) {
    wish_ = Wish::Down;
  }
  running_ = false;
  endedFrom_.reset();
  lastClosed_ = info.attempt;
}

void Invariants::checkCause(const CloseInfo& info) {
  CloseCause expected = CloseCause::ClosedByUser;
  if (*endedFrom_ == State::Closing) {
    require(input_ == Input::TransportEnded || now_ >= closingSince_ + options_.closeTimeout, kTimeouts,
            "closed before the close timeout");
  } else if (input_ == Input::TransportEnded) {
    expected = ending_->cause;
    require(info.code == ending_->code && info.httpStatus == ending_->httpStatus, kTerminalEvent, "of another end");
  } else if (input_ == Input::Reconnect) {
    expected = CloseCause::ReconnectRequested;
  } else if (input_ == Input::EndpointFailed) {
    expected = CloseCause::EndpointFailed;
  } else if (isHint(input_) && !plan_.canProbe()) {
    expected = CloseCause::WokeUp;
    require(options_.heartbeat.onWake == OnWake::Reconnect && (input_ == Input::WokeUp || input_ == Input::Online),
            kWake, "cut for no reason");
  } else if (input_ != Input::Close && *endedFrom_ == State::Connecting) {
    expected = CloseCause::ConnectTimeout;
    require(now_ >= began_ + options_.connectTimeout, kTimeouts, "ended before the connect timeout");
  } else if (input_ != Input::Close) {
    expected = CloseCause::HeartbeatTimeout;
    liveness_.dies(now_);
  }
  require(info.cause == expected, kTerminalEvent, "with another cause");
}

bool Invariants::expectsRetry(const CloseInfo& info) {
  if (info.cause == CloseCause::ReconnectRequested) {
    return true;
  }
  const ReconnectOptions& reconnect = options_.reconnect;
  const bool refused =
      (info.cause == CloseCause::ClosedByPeer && info.code == 1008) ||
      (info.cause == CloseCause::HandshakeRefused && (info.httpStatus == 401 || info.httpStatus == 403));
  const bool refusedBefore = std::exchange(refusedFresh_, refusedFresh_ || refused);
  misaddressed_ += isMisaddressed(info) ? 1 : 0;
  bool isOver = refused && options_.endpoint ? refusedBefore : isFinal(info, reconnect);
  if (!options_.endpoint) {
    isOver = isOver || (isMisaddressed(info) && !everOpened_ && misaddressed_ >= 3) ||
             (ending_ && ending_->fate == core::Fate::Forbidden && info.cause == ending_->cause);
  }
  return reconnect.enabled && (reconnect.maxAttempts == 0 || inRow_ < reconnect.maxAttempts) && !isOver;
}

void Invariants::checkRetry(const CloseInfo& info) {
  if (wasOpen_ && now_ - openedAt_ >= options_.reconnect.resetAfter) {
    inRow_ = waits_ = 0;
    refusedFresh_ = false;
  }
  require(info.willRetry == expectsRetry(info), kWillRetry, "against the retry policy");
  require(info.willRetry == (state_ == State::Waiting), kWillRetry, "against the state");
  if (!info.willRetry) {
    require(info.retryIn == 0ms, kRetryIn, "a wait without a retry");
    return;
  }
  if (info.cause == CloseCause::ReconnectRequested) {
    require(info.retryIn == 0ms, kReconnect, "not at once");
    notBefore_ = earliest_ = latest_ = now_;
    return;
  }
  if (expectsSlow(info)) {
    checkSlowWait(info);
    return;
  }
  const Duration asked = std::min<Duration>(ending_ ? ending_->retryAfter.value_or(0s) : Duration::zero(),
                                            options_.reconnect.maxRetryAfter);
  const auto longest = std::chrono::ceil<std::chrono::milliseconds>(asked + ceiling(waits_));
  require(info.retryIn >= asked && info.retryIn <= longest, kBackoff, "a wait out of its bounds");
  notBefore_ = now_ + asked;
  earliest_ = std::max(notBefore_, now_ + info.retryIn - 1ms + 1ns);
  latest_ = now_ + info.retryIn;
  waitIsNew_ = true;
  hintIsNew_ = false;
  ++waits_;
}

bool Invariants::expectsSlow(const CloseInfo& info) const {
  if (info.cause != CloseCause::HandshakeRefused || (ending_ && ending_->retryAfter)) {
    return false;
  }
  const bool isOtherAnswer = info.httpStatus == 200 || info.httpStatus == 302 || isMisaddressed(info);
  return info.httpStatus == 429 || (isOtherAnswer && !options_.endpoint);
}

void Invariants::checkSlowWait(const CloseInfo& info) {
  const Duration most = options_.reconnect.maxDelay;
  require(info.retryIn >= most / 2 && info.retryIn <= most, kSlow, "a wait out of its bounds");
  notBefore_ = now_;
  earliest_ = now_ + info.retryIn - 1ms + 1ns;
  latest_ = now_ + info.retryIn;
  longestSlow_ += info.retryIn == most && most >= kTellingSlowWait ? 1 : 0;
  slow_ += most >= kTellingSlowWait ? 1 : 0;
  require(longestSlow_ < 4 || longestSlow_ < slow_, kSlow, "all are as long as can be: no jitter");
}

Duration Invariants::ceiling(std::uint64_t waits) const {
  const Duration most = options_.reconnect.maxDelay;
  Duration ceiling = std::min<Duration>(options_.reconnect.firstDelay, most);
  for (; waits > 0 && ceiling < most && ceiling > 0s; --waits) {
    ceiling = std::min(2 * ceiling, most);
  }
  return ceiling;
}

void Invariants::checkUnconfirmed(const CloseInfo& info) {
  if (!wasOpen_) {
    require(info.unconfirmedMessages == 0, kUnconfirmed, "without a connection");
    return;
  }
  require(info.unconfirmedMessages <= handed_ - confirmed_, kUnconfirmed, "though a later probe was answered");
  require(handed_ - info.unconfirmedMessages <= received_, kUnconfirmed, "counts as arrived what did not arrive");
}

void Invariants::checkNeverOpened(const CloseInfo& info) {
  const bool byUser = info.cause == CloseCause::ClosedByUser || info.cause == CloseCause::ReconnectRequested;
  failures_ += wasOpen_ || byUser ? 0 : 1;
  unopened_ += wasOpen_ ? 0 : 1;
  require(!info.neverOpened || (!everOpened_ && unopened_ >= 3), kNeverOpened, "told too early");
  require(info.neverOpened || everOpened_ || failures_ < 3, kNeverOpened, "not told");
}

void Invariants::follow(const HeartbeatInfo& info) {
  require(state_ == State::Open && !answered_, kRoundTrip, "nothing was asked");
  const bool isNewest = input_ == Input::PongArrived ? answersPing() : input_ == Input::AnswerArrived && answersText();
  require(isNewest, kRoundTrip, "answers another probe");
  require(info.roundTrip == std::chrono::duration_cast<std::chrono::microseconds>(now_ - askedAt_), kRoundTrip,
          "is not the time that passed");
  answered_ = true;
  confirmed_ = std::max(confirmed_, mark_);
}

// After the actions.

void Invariants::performed(Time now, const core::Connection& connection, const Wire* wire) {
  now_ = now;
  require(connection.state() == state_, kTable, "a state was entered without being reported");
  require(!endedFrom_, kTerminalEvent, "an attempt ended without a close event");
  const bool runs = state_ == State::Connecting || state_ == State::Open || state_ == State::Closing;
  require(running_ == runs, kTable, "an attempt out of its states");
  require(!running_ || askedEndpoint_ || dialed_, kOneDial, "an attempt that does not dial");
  require(!running_ || dialed_ || !answeredEndpoint_, kOneDial, "an endpoint was told, and nobody dialed");
  require((wire != nullptr) == (running_ && dialed_), kOneTransport, "a transport without an attempt, or none for it");
  require(wire == nullptr || !wire->ended, kTerminalEvent, "the end of a transport was overlooked");
  require(freed_.empty(), kAccounting, "dropped without a word");
  require(connection.queue().count() == waiting_.size() && connection.queue().bytes() == waitingBytes_, kAccounting,
          "the queue holds something else than was left in it");
}

void Invariants::checkEffect() const {
  switch (input_) {
    case Input::Connect:
      require((before_ != State::Idle && before_ != State::Closed) || state_ == State::Connecting, kAsked,
              "connect() had no effect");
      break;
    case Input::Close:
      require(state_ == State::Closed || state_ == State::Closing || state_ == State::Idle, kCloseIsFinal,
              "close() had no effect");
      break;
    case Input::Reconnect:
      require((before_ != State::Connecting && before_ != State::Open && before_ != State::Waiting) ||
                  (state_ == State::Connecting && began_ == now_),
              kReconnect, "no attempt began");
      break;
    case Input::WokeUp:
    case Input::Online:
      require(state_ != State::Open || plan_.canProbe() || options_.heartbeat.onWake == OnWake::Trust, kWake,
              "not cut");
      break;
    case Input::PongArrived:
      require(state_ != State::Open || !answersPing() || answered_, kRoundTrip, "not told");
      break;
    case Input::Tick:
      require(state_ != State::Connecting || now_ < began_ + options_.connectTimeout, kTimeouts,
              "connecting for too long");
      require(state_ != State::Closing || now_ < closingSince_ + options_.closeTimeout, kTimeouts,
              "closing for too long");
      require(before_ != State::Waiting || state_ != State::Waiting || now_ < latest_, kRetryIn,
              "the attempt does not begin");
      for (const std::uint64_t number : waiting_) {
        require(options_.sendQueue.maxAge == 0ms || now_ - messages_[number].since < options_.sendQueue.maxAge, kExpiry,
                "kept too long");
      }
      break;
    default:
      break;
  }
  require(before_ != State::Closing || state_ == State::Closing || wish_ != Wish::Up || running_, kAsked,
          "connect() while closing was forgotten");
  if (input_ == Input::Tick ||
      (plan_.canProbe() && before_ == State::Open && (input_ == Input::ProbeNow || isHint(input_)))) {
    liveness_.ticked(now_);
  }
}

void Invariants::settled(Time now, const core::Connection& connection) {
  const std::optional<Time> deadline = connection.deadline();
  const SendQueueOptions& limits = options_.sendQueue;
  require(waiting_.size() <= limits.maxMessages && waitingBytes_ <= limits.maxBytes, kQueueBounds,
          "too much is queued");
  require(state_ != State::Closed || waiting_.empty(), kAccounting, "messages wait for nothing");
  if (limits.maxAge > 0ms && !waiting_.empty()) {
    require(deadline && *deadline <= messages_[waiting_.front()].since + limits.maxAge, kExpiry, "no deadline for it");
  }
  switch (state_) {
    case State::Connecting:
      require(deadline && *deadline <= began_ + options_.connectTimeout, kDeadline, "none for connecting");
      break;
    case State::Closing:
      require(deadline && *deadline <= closingSince_ + options_.closeTimeout, kDeadline, "none for closing");
      break;
    case State::Waiting:
      require(deadline && *deadline <= latest_, kDeadline, "none for waiting");
      if (limits.maxAge == 0ms || waiting_.empty()) {
        checkWait(*deadline);
      }
      break;
    default:
      break;
  }
  liveness_.settled(now, deadline);
}

/// The deadline tells the wait to the nanosecond.
void Invariants::checkWait(Time deadline) {
  require(deadline >= earliest_, kRetryIn, "the wait is shorter than retryIn");
  if (std::exchange(waitIsNew_, false)) {
    noteWait(deadline - notBefore_);
  }
  if (std::exchange(hintIsNew_, false) && deadline < latest_ && deadline == now_ && ceiling(0) >= kTellingCeiling) {
    require(++afterHintAtOnce_ < 2, kBackoff, "hints make everybody come back at once");
  }
  earliest_ = latest_ = deadline;
}

void Invariants::noteWait(Duration wait) {
  const Duration longest = ceiling(waits_ - 1);
  if (longest < kTellingCeiling) {
    return;
  }
  longest_ += wait == longest ? 1 : 0;
  require(longest_ < 2, kBackoff, "waits that are as long as can be: no jitter");
  inLowerHalf_ = 2 * wait < longest ? inLowerHalf_ + 1 : 0;
  inUpperHalf_ = 2 * wait < longest ? 0 : inUpperHalf_ + 1;
  require(inLowerHalf_ < kTooManyInARow && inUpperHalf_ < kTooManyInARow, kBackoff, "half a jitter");
}

}  // namespace tidewire::simulation
