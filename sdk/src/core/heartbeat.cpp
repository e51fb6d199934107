#include "core/heartbeat.hpp"

#include <utility>

namespace tidewire::core {

void Heartbeat::start(Time now) noexcept {
  running_ = true;
  if (interval_ > Duration::zero()) {
    askAt_ = now + interval_;
  }
}

void Heartbeat::stop() noexcept {
  running_ = false;
  askAt_.reset();
  judgeAt_.reset();
  pausedAt_.reset();
  unanswered_ = 0;
}

void Heartbeat::askNow(Time now) noexcept {
  if (running_ && !judgeAt_) {
    askAt_ = now;
  }
}

std::optional<Duration> Heartbeat::answeredInTurn(Time now) noexcept {
  if (unanswered_ == 0 || --unanswered_ > 0) {
    return std::nullopt;
  }
  return now - askedAt_;
}

std::optional<Duration> Heartbeat::answeredNewest(Time now) noexcept {
  if (std::exchange(unanswered_, 0) == 0) {
    return std::nullopt;
  }
  return now - askedAt_;
}

void Heartbeat::pause(Time now) noexcept {
  if (!pausedAt_) {
    pausedAt_ = now;
  }
}

void Heartbeat::resume(Time now) noexcept {
  if (!pausedAt_) {
    return;
  }
  if (judgeAt_) {
    *judgeAt_ += now - *pausedAt_;
  }
  pausedAt_.reset();
}

Heartbeat::Verdict Heartbeat::tick(Time now) noexcept {
  if (!running_ || pausedAt_) {
    return Verdict::Nothing;
  }
  if (judgeAt_) {
    return judge(now);
  }
  if (!askAt_ || now < *askAt_) {
    return Verdict::Nothing;
  }
  askedAt_ = now;
  ++unanswered_;
  judgeAt_ = now + timeout_;
  graceGiven_ = false;
  askAt_.reset();
  if (interval_ > Duration::zero()) {
    askAt_ = now + interval_;
  }
  return Verdict::Ask;
}

Heartbeat::Verdict Heartbeat::judge(Time now) noexcept {
  if (now < *judgeAt_) {
    return Verdict::Nothing;
  }
  if (now - *judgeAt_ > kLate && !graceGiven_) {
    graceGiven_ = true;
    judgeAt_ = now + kGrace;
    return Verdict::Nothing;
  }
  return Verdict::Dead;
}

std::optional<Time> Heartbeat::deadline() const noexcept {
  if (!running_ || pausedAt_) {
    return std::nullopt;
  }
  return judgeAt_ ? judgeAt_ : askAt_;
}

}  // namespace tidewire::core
