#include "core/connection.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "core/retry_policy.hpp"

namespace tidewire::core {
namespace {

std::array<std::byte, 8> asPayload(std::uint64_t question) {
  std::array<std::byte, 8> payload{};
  std::memcpy(payload.data(), &question, sizeof question);
  return payload;
}

Trigger triggerOf(State from, CloseCause cause, bool retry) {
  if (cause == CloseCause::ReconnectAsked) {
    return Trigger::ReconnectAsked;
  }
  if (cause == CloseCause::ClosedByUser && from == State::Connecting) {
    return Trigger::CloseAsked;
  }
  return retry ? Trigger::EndedForNow : Trigger::EndedForGood;
}

}  // namespace

Connection::Connection(const Options& options, bool sendsPings, std::uint64_t seed)
    : options_(options),
      sendsPings_(sendsPings),
      random_(seed),
      backoff_(options.reconnect.firstDelay, options.reconnect.maxDelay),
      heartbeat_(canAsk() ? Duration(options.heartbeat.interval) : Duration::zero(), options.heartbeat.timeout) {}

void Connection::connect(Time now) {
  if (state_ == State::Closing) {
    connectAfterClose_ = true;
  } else if (state_ == State::Idle || state_ == State::Closed) {
    backoff_.reset();
    move(Trigger::ConnectAsked);
    beginAttempt(now);
  }
}

void Connection::close(Time now, std::uint16_t code, std::string_view reason) {
  connectAfterClose_ = false;
  switch (state_) {
    case State::Open:
      heartbeat_.stop();
      toFlush_ = queue_.count();
      closeFrame_ = SendClose{code, std::string(reason)};
      stateEndsAt_ = now + options_.closeTimeout;
      move(Trigger::CloseAsked);
      break;
    case State::Connecting:
      cutAttempt(now, {.cause = CloseCause::ClosedByUser, .detail = "closed before it was open"});
      break;
    case State::Waiting:
      (void)dropUnsent();
      move(Trigger::CloseAsked);
      break;
    case State::Idle:
    case State::Closing:
    case State::Closed:
      break;
  }
}

void Connection::reconnect(Time now) {
  if (state_ == State::Connecting || state_ == State::Open) {
    cutAttempt(now, {.cause = CloseCause::ReconnectAsked, .detail = "dropped by reconnect()"});
  }
  if (state_ == State::Waiting) {
    move(Trigger::DelayOver);
    beginAttempt(now);
  }
}

void Connection::askNow(Time now) {
  if (canAsk()) {
    heartbeat_.askNow(now);
    tick(now);
  }
}

void Connection::transportOpened(Time now, std::string_view subprotocol) {
  if (state_ != State::Connecting) {
    return;
  }
  openedAt_ = now;
  heartbeat_.start(now);
  move(Trigger::HandshakeDone);
  report(Opened{.subprotocol = std::string(subprotocol),
                .attempt = attempt_,
                .reconnects = timesOpen_++,
                .handshakeTime = std::chrono::duration_cast<std::chrono::microseconds>(now - attemptBeganAt_)});
}

void Connection::pongArrived(Time now, std::span<const std::byte> payload) {
  // A Pong may come unasked (RFC 6455 section 5.5.3), or answer an older question.
  const std::array<std::byte, 8> newest = asPayload(question_);
  if (!std::equal(payload.begin(), payload.end(), newest.begin(), newest.end())) {
    return;
  }
  if (const auto roundTrip = heartbeat_.answeredNewest(now)) {
    report(HeartbeatInfo{std::chrono::duration_cast<std::chrono::microseconds>(*roundTrip)});
  }
}

void Connection::answerArrived(Time now) {
  if (const auto roundTrip = heartbeat_.answeredInTurn(now)) {
    report(HeartbeatInfo{std::chrono::duration_cast<std::chrono::microseconds>(*roundTrip)});
  }
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
  switch (state_) {
    case State::Connecting:
      if (now >= stateEndsAt_) {
        cutAttempt(now, {.cause = CloseCause::ConnectTimeout, .detail = "not open within the connect timeout"});
      }
      break;
    case State::Open:
      switch (heartbeat_.tick(now)) {
        case Heartbeat::Verdict::Ask:
          ask();
          break;
        case Heartbeat::Verdict::Dead:
          cutAttempt(now, {.cause = CloseCause::HeartbeatTimeout, .detail = "no sign of life within the timeout"});
          break;
        case Heartbeat::Verdict::Nothing:
          break;
      }
      break;
    case State::Closing:
      if (now >= stateEndsAt_) {
        cutAttempt(now, {.detail = "the closing handshake was not over within the close timeout"});
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
  return action;
}

std::optional<Outgoing> Connection::takeOutgoing() {
  if (state_ == State::Open && !queue_.empty()) {
    return queue_.pop();
  }
  if (state_ == State::Closing && closeFrame_) {
    if (toFlush_ > 0) {
      --toFlush_;
      return queue_.pop();
    }
    report(*std::exchange(closeFrame_, std::nullopt));
  }
  return std::nullopt;
}

std::optional<Time> Connection::deadline() const {
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
  attemptBeganAt_ = now;
  stateEndsAt_ = now + options_.connectTimeout;
  report(Dial{});
}

void Connection::cutAttempt(Time now, Ending ending) {
  report(Abort{});
  endAttempt(now, std::move(ending));
}

void Connection::endAttempt(Time now, Ending ending) {
  const bool closing = state_ == State::Closing;
  const bool wasOpen = closing || state_ == State::Open;
  if (closing) {
    ending.cause = CloseCause::ClosedByUser;
  }
  const bool retry = mayRetry(ending, options_.reconnect);
  const Duration wait =
      retry ? delayAfter(ending.cause, wasOpen && now - openedAt_ >= options_.reconnect.resetAfter) : Duration::zero();
  heartbeat_.stop();
  stateEndsAt_ = now + wait;
  move(triggerOf(state_, ending.cause, retry));
  report(CloseInfo{.cause = ending.cause,
                   .code = ending.code,
                   .reason = std::move(ending.reason),
                   .detail = std::move(ending.detail),
                   .httpStatus = ending.httpStatus,
                   .wasOpen = wasOpen,
                   .willRetry = retry,
                   .retryIn = std::chrono::ceil<std::chrono::milliseconds>(wait),
                   .attempt = attempt_,
                   .droppedMessages = retry ? 0 : dropUnsent()});
  if (closing) {
    finishClosing(now);
  }
}

void Connection::finishClosing(Time now) {
  toFlush_ = 0;
  closeFrame_.reset();
  if (std::exchange(connectAfterClose_, false)) {
    connect(now);
  }
}

void Connection::ask() {
  if (asksWithText()) {
    report(SendQuestion{});
  } else {
    report(SendPing{asPayload(++question_)});
  }
}

Duration Connection::delayAfter(CloseCause cause, bool stayedUp) {
  if (stayedUp) {
    backoff_.reset();
  }
  return cause == CloseCause::ReconnectAsked ? Duration::zero() : backoff_.next(random_);
}

std::size_t Connection::dropUnsent() {
  // What was queued after a connect() that waits for the close to end belongs to the next connection.
  const std::size_t count = connectAfterClose_ ? toFlush_ : queue_.count();
  queue_.drop(count);
  return count;
}

}  // namespace tidewire::core
