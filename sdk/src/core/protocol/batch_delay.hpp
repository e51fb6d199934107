#pragma once

#include <optional>

#include "core/time.hpp"

namespace tidewire::core::protocol {

/// Holds messages back for `OutboxOptions::batchDelay`, so that others can join them.
class BatchDelay {
 public:
  explicit BatchDelay(Duration delay) noexcept : delay_(delay) {}

  [[nodiscard]] bool isZero() const noexcept { return delay_ == Duration::zero(); }

  /// Something could be sent at `now`. Returns whether it is held back; the first call begins the delay.
  [[nodiscard]] bool holds(Time now) noexcept {
    if (!since_) {
      since_ = now;
      isOver_ = false;
    }
    return now - *since_ < delay_;
  }
  /// Something was sent, or nothing can be sent any more.
  void stop() noexcept { since_.reset(); }

  void tick(Time now) noexcept { isOver_ = since_ && now - *since_ >= delay_; }
  /// When the delay ends. Nothing once `tick` has seen that: then messages wait for room in the transport.
  [[nodiscard]] std::optional<Time> deadline() const noexcept {
    return since_ && !isOver_ ? std::optional(*since_ + delay_) : std::nullopt;
  }

 private:
  const Duration delay_;
  std::optional<Time> since_;
  bool isOver_ = false;
};

}  // namespace tidewire::core::protocol
