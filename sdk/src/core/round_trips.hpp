#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "core/time.hpp"
#include "tidewire/events.hpp"

namespace tidewire::core {

/// Round-trip times of one connection: the last, the smallest, and a moving average (RFC 6298 section 2, alpha 1/8).
class RoundTripMeter {
 public:
  void add(Duration roundTrip) noexcept {
    smoothed_ = measured_ ? smoothed_ + (roundTrip - smoothed_) / 8 : roundTrip;
    min_ = measured_ ? std::min(min_, roundTrip) : roundTrip;
    last_ = roundTrip;
    measured_ = true;
  }

  void clear() noexcept { measured_ = false; }

  [[nodiscard]] RoundTrips roundTrips() const noexcept {
    return {.last = rounded(last_), .smoothed = rounded(smoothed_), .min = rounded(min_)};
  }

 private:
  static std::chrono::microseconds rounded(Duration time) noexcept {
    return std::chrono::duration_cast<std::chrono::microseconds>(time);
  }

  Duration last_{};
  Duration smoothed_{};
  Duration min_{};
  bool measured_ = false;
};

}  // namespace tidewire::core
