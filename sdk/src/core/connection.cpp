#include "core/connection.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "core/ending_texts.hpp"
#include "core/one_line.hpp"

namespace tidewire::core {
namespace {

constexpr std::size_t kMostDetail = 1000;

std::chrono::microseconds inMicroseconds(Duration time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time);
}

std::array<std::byte, 8> asPayload(std::uint64_t probe) {
  std::array<std::byte, 8> payload{};
  std::memcpy(payload.data(), &probe, sizeof probe);
  return payload;
}

bool isAskedFor(CloseCause cause) {
  return cause == CloseCause::ClosedByUser || cause == CloseCause::ReconnectRequested;
}

Trigger triggerOf(State from, CloseCause cause, bool retry) {
  if (cause == CloseCause::ReconnectRequested) {
    return Trigger::ReconnectRequested;
  }
  if (cause == CloseCause::ClosedByUser && from == State::Connecting) {
    return Trigger::CloseCalled;
  }
  return retry ? Trigger::EndedForNow : Trigger::EndedForGood;
}

}  // namespace

std::uint64_t numberOf(const SendPing& ping) noexcept {
  std::uint64_t number = 0;
  std::memcpy(&number, ping.payload.data(), sizeof number);
  return number;
}

Connection::Connection(const Options& options, bool sendsPings, std::uint64_t seed)
    : options_(options),
      sendsPings_(sendsPings),
      random_(seed),
      backoff_(options.reconnect.firstDelay, options.reconnect.maxDelay),
      probeText_(options.heartbeat.message),
      answerText_(options.heartbeat.answer),
      heartbeat_({.interval = options.heartbeat.interval,
                  .timeout = options.heartbeat.timeout,
                  .silence = options.heartbeat.silence,
                  .wakeTimeout = options.heartbeat.wakeTimeout,
                  .canProbe = canProbe()}),
      admission_(options.sendQueue) {
  if (probeText_.isNumbered()) {
    // A server may broadcast everything, so no two clients may use the same numbers. As JavaScript
    // counts, they stay integers.
    probe_ = answeredUpTo_ = random_.next() >> 12;
  }
}

void Connection::connect(Time now) {
  if (state_ == State::Closing) {
    connectAfterClose_ = true;
  } else if (state_ == State::Idle || state_ == State::Closed) {
    backoff_.reset();
    history_ = {.attemptsInRow = 0};
    failures_ = 0;
    lastClose_.reset();
    move(Trigger::ConnectCalled);
    beginAttempt(now);
  }
}

void Connection::close(Time now, std::uint16_t code, std::string_view reason) {
  connectAfterClose_ = false;
  switch (state_) {
    case State::Open:
      heartbeat_.stop();
      toFlush_ = queue_.count();
      closeCode_ = code;
      closeFrame_ = SendClose{code, std::string(reason)};
      stateEndsAt_ = now + options_.closeTimeout;
      move(Trigger::CloseCalled);
      break;
    case State::Connecting:
      cutAttempt(now, {.cause = CloseCause::ClosedByUser, .detail = "closed by close() before it was open"});
      break;
    case State::Waiting:
      move(Trigger::CloseCalled);
      report(dropUnsent());
      break;
    case State::Idle:
    case State::Closing:
    case State::Closed:
      break;
  }
}

void Connection::reconnect(Time now) {
  if (state_ == State::Connecting || state_ == State::Open) {
    cutAttempt(now, {.cause = CloseCause::ReconnectRequested, .detail = "dropped by reconnect()"});
  }
  if (state_ == State::Waiting) {
    move(Trigger::DelayOver);
    beginAttempt(now);
  }
}

void Connection::probeNow(Time now) {
  if (canProbe()) {
    heartbeat_.probeNow(now);
    tick(now);
  }
}

void Connection::trimQueue() {
  Dropped dropped{.reason = DropReason::Displaced};
  while (admission_.isExceeded({queue_.count(), queue_.bytes()})) {
    dropInto(dropped, queue_.leastWanted());
  }
  if (dropped.messages > 0) {
    report(dropped);
  }
}

void Connection::endpointAnswered(Time now, std::uint64_t attempt) {
  if (state_ == State::Connecting && awaitsEndpoint(attempt)) {
    awaitsEndpoint_ = false;
    endpointTime_ = inMicroseconds(now - attemptBeganAt_);
    report(Dial{});
  }
}

void Connection::endpointFailed(Time now, std::uint64_t attempt, std::string_view why) {
  if (state_ == State::Connecting && awaitsEndpoint(attempt)) {
    cutAttempt(now, {.cause = CloseCause::EndpointFailed,
                     .detail = why.empty() ? "the endpoint function failed and gave no reason" : std::string(why)});
  }
}

void Connection::hint(Time now, Hint hint) {
  if (state_ == State::Open && canProbe()) {
    heartbeat_.distrust(now);
    tick(now);
  } else if (state_ == State::Open && options_.heartbeat.onWake == OnWake::Reconnect &&
             (hint == Hint::WokeUp || hint == Hint::Online)) {
    cutAttempt(now, {.cause = CloseCause::WokeUp,
                     .detail = "cut after a sleep or a change of networks, because heartbeat.onWake is Reconnect"});
  } else if (state_ == State::Waiting && hint != Hint::Offline) {
    const Time soon = now + random_.upTo(backoff_.first());
    stateEndsAt_ = std::min(stateEndsAt_, std::max(soon, retryNotBefore_));
  }
}

void Connection::transportOpened(Time now, std::string_view subprotocol, HandshakeTimes times, Duration heartbeat) {
  if (state_ != State::Connecting) {
    return;
  }
  openedAt_ = now;
  history_.everOpened = true;
  openReturned_ = false;
  handedOver_ = beforeProbe_ = confirmed_ = 0;
  answeredUpTo_ = probe_;
  roundTrips_.clear();
  heartbeat_.start(now, heartbeat);
  times.endpoint = endpointTime_;
  move(Trigger::HandshakeDone);
  report(Opened{.subprotocol = std::string(subprotocol),
                .attempt = attempt_,
                .reconnects = timesOpen_++,
                .handshakeTime = inMicroseconds(now - attemptBeganAt_),
                .times = times});
}

void Connection::pongArrived(Time now, std::span<const std::byte> payload) {
  // A Pong may come unasked (RFC 6455 section 5.5.3), or answer an older probe.
  const std::array<std::byte, 8> newest = asPayload(probe_);
  if (probesWithText() || !std::equal(payload.begin(), payload.end(), newest.begin(), newest.end())) {
    return;
  }
  if (const auto roundTrip = heartbeat_.answeredNewest(now)) {
    answered(*roundTrip);
  }
}

void Connection::probeAnswered(Time now, std::uint64_t number) {
  if (number == probe_) {
    if (const auto roundTrip = heartbeat_.answeredNewest(now)) {
      answered(*roundTrip);
    }
  }
}

bool Connection::answerArrived(Time now, std::string_view text) {
  if (!expectsAnswer()) {
    return false;
  }
  if (probeText_.isNumbered()) {
    return numberedAnswerArrived(now, answerText_.numberIn(text).value_or(0));
  }
  if (text != options_.heartbeat.answer) {
    return false;
  }
  if (const auto roundTrip = heartbeat_.answeredInTurn(now)) {
    answered(*roundTrip);
  }
  return true;
}

/// The late answer to an older probe is no message either.
bool Connection::numberedAnswerArrived(Time now, std::uint64_t number) {
  if (number <= answeredUpTo_ || number > probe_) {
    return false;
  }
  answeredUpTo_ = number;
  probeAnswered(now, number);
  return true;
}

void Connection::answered(Duration roundTrip) {
  confirmed_ = std::max(confirmed_, beforeProbe_);
  roundTrips_.add(roundTrip);
  report(HeartbeatInfo{.roundTrip = inMicroseconds(roundTrip), .roundTrips = roundTrips_.roundTrips()});
}

void Connection::probeHandedOver(bool last) noexcept {
  // Otherwise it overtook messages, and its answer proves no more than the one before.
  beforeProbe_ = last ? handedOver_ : confirmed_;
}

void Connection::transportEnded(Time now, Ending ending) {
  if (hasTransport()) {
    cutAttempt(now, std::move(ending));
  }
}

void Connection::readingPaused(Time now, bool paused) {
  if (hasTransport()) {
    paused ? heartbeat_.pause(now) : heartbeat_.resume(now);
  }
}

void Connection::tick(Time now) {
  dropExpired(now);
  tickState(now);
}

void Connection::tickState(Time now) {
  switch (state_) {
    case State::Connecting:
      if (now >= stateEndsAt_) {
        cutAttempt(now, {.cause = CloseCause::ConnectTimeout, .detail = connectTimeoutText()});
      }
      break;
    case State::Open:
      switch (heartbeat_.tick(now)) {
        case Heartbeat::Verdict::Probe:
          probe();
          break;
        case Heartbeat::Verdict::Reassure:
          report(Reassure{});
          break;
        case Heartbeat::Verdict::Dead:
          cutAttempt(now, {.cause = CloseCause::HeartbeatTimeout, .detail = heartbeatText()});
          break;
        case Heartbeat::Verdict::Nothing:
          break;
      }
      break;
    case State::Closing:
      if (now >= stateEndsAt_) {
        cutAttempt(now, {.detail = "the server did not answer the Close frame within " +
                                   limitText("closeTimeout", options_.closeTimeout)});
      }
      break;
    case State::Waiting:
      if (now >= stateEndsAt_) {
        move(Trigger::DelayOver);
        beginAttempt(now);
      }
      break;
    case State::Idle:
    case State::Closed:
      break;
  }
}

std::optional<Action> Connection::takeAction() {
  if (actions_.empty()) {
    return std::nullopt;
  }
  std::optional<Action> action(std::move(actions_.front()));
  actions_.pop_front();
  if (actions_.empty()) {
    actions_.clear();  // Frees the memory: actions come seldom, and are large.
  }
  return action;
}

std::optional<Outgoing> Connection::takeOutgoing(Time now) {
  dropExpired(now);
  if (state_ == State::Open && (openReturned_ || queue_.first() > 0) && !queue_.empty()) {
    ++handedOver_;
    return queue_.pop();
  }
  if (state_ == State::Closing && closeFrame_) {
    if (toFlush_ > 0) {
      --toFlush_;
      ++handedOver_;
      return queue_.pop();
    }
    report(*std::exchange(closeFrame_, std::nullopt));
  }
  return std::nullopt;
}

std::optional<Time> Connection::deadline() const {
  const std::optional<Time> stateEnds = stateDeadline();
  const std::optional<Time> expiry = queue_.empty() ? std::nullopt : admission_.expiry(queue_.oldestSince());
  return stateEnds && expiry ? std::min(stateEnds, expiry) : (stateEnds ? stateEnds : expiry);
}

std::optional<Time> Connection::stateDeadline() const {
  switch (state_) {
    case State::Connecting:
    case State::Closing:
    case State::Waiting:
      return stateEndsAt_;
    case State::Open:
      return heartbeat_.deadline();
    case State::Idle:
    case State::Closed:
      break;
  }
  return std::nullopt;
}

void Connection::move(Trigger trigger) {
  const std::optional<State> to = next(state_, trigger);
  assert(to && "an input got past the check of its state");
  if (!to) {
    return;
  }
  report(StateChange{.from = state_, .to = *to});
  state_ = *to;
}

void Connection::beginAttempt(Time now) {
  ++attempt_;
  ++history_.attemptsInRow;
  attemptBeganAt_ = now;
  stateEndsAt_ = now + options_.connectTimeout;
  endpointTime_.reset();
  awaitsEndpoint_ = static_cast<bool>(options_.endpoint);
  if (awaitsEndpoint_) {
    report(RequestEndpoint{.attempt = attempt_,
                           .lastClose = lastClose_ == nullptr ? std::nullopt : std::optional(*lastClose_)});
  } else {
    report(Dial{});
  }
}

void Connection::cutAttempt(Time now, Ending ending) {
  report(Abort{});
  endAttempt(now, std::move(ending));
}

void Connection::endAttempt(Time now, Ending ending) {
  const bool closing = state_ == State::Closing;
  const bool wasOpen = closing || state_ == State::Open;
  const std::uint64_t inDoubt = wasOpen ? unconfirmed(ending) : 0;
  ending.detail = oneLine(endingText(ending, closing), kMostDetail);
  if (closing) {
    ending.cause = CloseCause::ClosedByUser;
  }
  const bool retry = decideRetry(ending, wasOpen && now - openedAt_ >= options_.reconnect.resetAfter);
  const Duration wait = retry ? delayAfter(now, ending) : Duration::zero();
  failures_ += wasOpen || isAskedFor(ending.cause) ? 0 : 1;
  awaitsEndpoint_ = false;
  heartbeat_.stop();
  stateEndsAt_ = now + wait;
  move(triggerOf(state_, ending.cause, retry));

  CloseInfo info{.cause = ending.cause,
                 .code = ending.code,
                 .reason = std::move(ending.reason),
                 .detail = std::move(ending.detail),
                 .httpStatus = ending.httpStatus,
                 .wasOpen = wasOpen,
                 .willRetry = retry,
                 .retryIn = std::chrono::ceil<std::chrono::milliseconds>(wait),
                 .attempt = attempt_,
                 .unconfirmedMessages = inDoubt,
                 .neverOpened = !history_.everOpened && failures_ >= kManyFailures};
  if (retry) {
    dropStale(wasOpen);
  } else {
    const Dropped dropped = dropUnsent();
    info.droppedMessages = dropped.messages;
    report(dropped);
  }
  if (options_.endpoint) {
    lastClose_ = std::make_unique<const CloseInfo>(info);
  }
  report(std::move(info));
  if (closing) {
    finishClosing(now);
  }
}

std::string Connection::connectTimeoutText() const {
  return "not open within " + limitText("connectTimeout", options_.connectTimeout) +
         (awaitsEndpoint_ ? "; the endpoint function has not answered" : "");
}

std::string Connection::heartbeatText() const {
  const Heartbeat::Limit limit = heartbeat_.exceeded();
  return "nothing came from the server for " + limitText(limit.option, limit.time);
}

/// For `CloseInfo::detail`. Every ending has one.
std::string Connection::endingText(const Ending& ending, bool closing) const {
  if (ending.cause == CloseCause::ClosedByPeer) {
    return (closing ? "closed by close(), answered with " : "closed by the server: ") +
           closeText(ending.code, ending.reason);
  }
  std::string detail = ending.detail;
  if (ending.cause == CloseCause::MessageTooBig) {
    detail = "a message exceeded " + limitText("maxMessageBytes", options_.maxMessageBytes);
  } else if (detail.empty()) {
    detail = nameOf(ending.cause);
  }
  return (closing ? "closed by close(); " : "") + detail;
}

void Connection::finishClosing(Time now) {
  toFlush_ = 0;
  closeFrame_.reset();
  if (std::exchange(connectAfterClose_, false)) {
    connect(now);
  }
}

void Connection::probe() {
  ++probe_;
  if (probesWithText()) {
    report(SendProbeText{probeText_.with(probe_)});
  } else {
    report(SendPing{asPayload(probe_)});
  }
}

bool Connection::decideRetry(const Ending& ending, bool stayedUp) {
  if (stayedUp) {
    backoff_.reset();
    history_ = {.attemptsInRow = 0, .everOpened = true};
  }
  history_.misaddressed += isMisaddressed(ending) ? 1 : 0;
  const bool retry = mayRetry(ending, options_, history_);
  history_.freshCredentialsRefused = history_.freshCredentialsRefused || refusesCredentials(ending);
  return retry;
}

Duration Connection::delayAfter(Time now, const Ending& ending) {
  retryNotBefore_ = now;
  if (ending.cause == CloseCause::ReconnectRequested) {
    return Duration::zero();
  }
  // The random part comes on top: the server gave every client the same time.
  const Duration asked =
      std::min(ending.retryAfter.value_or(Duration::zero()), Duration(options_.reconnect.maxRetryAfter));
  retryNotBefore_ += asked;
  const Duration random = retriesSlowly(ending, options_) ? backoff_.slow(random_) : backoff_.next(random_);
  return asked + random;
}

std::uint64_t Connection::unconfirmed(const Ending& ending) const noexcept {
  // A Close frame with our code answers ours, which was sent behind all messages (RFC 6455 section 5.5.1).
  const bool closeAnswered =
      state_ == State::Closing && !closeFrame_ && ending.cause == CloseCause::ClosedByPeer && ending.code == closeCode_;
  return closeAnswered ? 0 : handedOver_ - confirmed_;
}

Dropped Connection::dropUnsent() {
  // Messages queued after a connect() that waits for the close to end belong to the next connection.
  Dropped dropped{.reason = DropReason::Closed};
  for (std::size_t left = connectAfterClose_ ? toFlush_ : queue_.count(); left > 0; --left) {
    ++dropped.messages;
    dropped.bytes += queue_.pop().sizeBytes;
  }
  return dropped;
}

/// Messages that `onOpen` sent were for this connection: the next `onOpen` sends its own. Under `Refuse` so were all.
void Connection::dropStale(bool wasOpen) {
  const bool endsAll = wasOpen && options_.sendQueue.whenNotOpen == WhenNotOpen::Refuse;
  Dropped dropped{.reason = DropReason::Stale};
  while (queue_.first() != 0 || (endsAll && !queue_.empty())) {
    dropInto(dropped, 0);
  }
  if (endsAll || dropped.messages > 0) {
    report(dropped);  // More may have been posted.
  }
}

void Connection::dropExpired(Time now) {
  Dropped dropped{.reason = DropReason::Expired};
  while (hasExpired(now)) {
    dropInto(dropped, queue_.oldest());
  }
  if (dropped.messages > 0) {
    report(dropped);
  }
}

void Connection::dropInto(Dropped& dropped, std::size_t at) {
  ++dropped.messages;
  dropped.bytes += queue_.drop(at);
  toFlush_ -= at < toFlush_ ? 1 : 0;
}

}  // namespace tidewire::core
