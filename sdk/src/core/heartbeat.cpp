#include "core/heartbeat.hpp"

#include <algorithm>
#include <utility>

namespace tidewire::core {

void Heartbeat::start(Time now, Duration longest) noexcept {
  running_ = true;
  const bool shortens =
      longest > Duration::zero() && (times_.interval == Duration::zero() || longest < times_.interval);
  interval_ = shortens ? longest : times_.interval;
  awaited_ = longest;
  if (awaited_ > Duration::zero()) {
    reassureAt_ = now + awaited_;
  }
  if (times_.canProbe && interval_ > Duration::zero()) {
    probeAt_ = now + interval_;
  }
  heard(now);
}

void Heartbeat::stop() noexcept {
  running_ = false;
  probeAt_.reset();
  judgeAt_.reset();
  silentAt_.reset();
  reassureAt_.reset();
  pausedAt_.reset();
  distrusts_ = false;
  unanswered_ = 0;
}

void Heartbeat::probeNow(Time now) noexcept {
  if (running_ && !judgeAt_) {
    probeAt_ = now;
  }
}

void Heartbeat::distrust(Time now) noexcept {
  // A second hint does not extend the timeout of a pending heartbeat.
  if (running_ && !(distrusts_ && judgeAt_)) {
    // The pending heartbeat was sent before the break, and its answer may have been lost in it.
    judgeAt_.reset();
    probeAt_ = now;
    distrusts_ = true;
    graceGiven_ = false;
  }
}

void Heartbeat::heard(Time now) noexcept {
  // A heartbeat that is still to be sent keeps the shorter deadline.
  distrusts_ = distrusts_ && !judgeAt_;
  judgeAt_.reset();
  if (running_ && times_.silence > Duration::zero()) {
    silentAt_ = now + times_.silence;
  }
  graceGiven_ = false;
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
  // Silence while this side did not read proves nothing, so the timeouts stood still.
  const Duration paused = now - *pausedAt_;
  if (judgeAt_) {
    *judgeAt_ += paused;
  }
  if (silentAt_) {
    *silentAt_ += paused;
  }
  pausedAt_.reset();
}

Heartbeat::Verdict Heartbeat::tick(Time now) noexcept {
  if (!running_) {
    return Verdict::Nothing;
  }
  if (pausedAt_) {
    return reassure(now);
  }
  if (const Verdict verdict = judge(now); verdict == Verdict::Dead) {
    return verdict;
  }
  if (judgeAt_ || !probeAt_ || now < *probeAt_) {
    return Verdict::Nothing;
  }
  askedAt_ = now;
  ++unanswered_;
  if (reassureAt_) {
    reassureAt_ = now + awaited_;
  }
  judgeAt_ = now + (distrusts_ ? times_.wakeTimeout : times_.timeout);
  graceGiven_ = false;
  probeAt_.reset();
  if (interval_ > Duration::zero()) {
    probeAt_ = now + interval_;
  }
  return Verdict::Probe;
}

/// A heartbeat needs its answer to be read, so it waits for `resume`.
Heartbeat::Verdict Heartbeat::reassure(Time now) noexcept {
  if (!reassureAt_ || now < *reassureAt_) {
    return Verdict::Nothing;
  }
  reassureAt_ = now + awaited_;
  return Verdict::Reassure;
}

Heartbeat::Verdict Heartbeat::judge(Time now) noexcept {
  const std::optional<Time> due = silentAt_ && (!judgeAt_ || *silentAt_ < *judgeAt_) ? silentAt_ : judgeAt_;
  if (!due || now < *due) {
    return Verdict::Nothing;
  }
  // The timer itself is late, so input may be unread: it gets a short grace to prove life, once for each heartbeat.
  if (now - *due > kLate && !graceGiven_) {
    graceGiven_ = true;
    for (std::optional<Time>* const each : {&judgeAt_, &silentAt_}) {
      if (*each) {
        *each = std::max(**each, now + kGrace);
      }
    }
    return Verdict::Nothing;
  }
  return Verdict::Dead;
}

Heartbeat::Limit Heartbeat::exceeded() const noexcept {
  if (silentAt_ && (!judgeAt_ || *silentAt_ < *judgeAt_)) {
    return {"heartbeat.silence", times_.silence};
  }
  return distrusts_ ? Limit{"heartbeat.wakeTimeout", times_.wakeTimeout} : Limit{"heartbeat.timeout", times_.timeout};
}

std::optional<Time> Heartbeat::deadline() const noexcept {
  if (!running_) {
    return std::nullopt;
  }
  if (pausedAt_) {
    return reassureAt_;
  }
  const std::optional<Time> next = judgeAt_ ? judgeAt_ : probeAt_;
  return next && silentAt_ ? std::min(*next, *silentAt_) : next ? next : silentAt_;
}

}  // namespace tidewire::core
