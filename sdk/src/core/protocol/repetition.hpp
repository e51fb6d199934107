#pragma once

#include <algorithm>
#include <chrono>

#include "core/backoff.hpp"
#include "core/random.hpp"
#include "core/time.hpp"

namespace tidewire::core::protocol {

/// Spaces what a server makes a client do again: at least a second between two times, and more the longer it goes on.
/// The random part comes on top of the floor.
class Repetition {
 public:
  /// When it may be done, now at the earliest. Counts as done then.
  [[nodiscard]] Time soonest(Time now, Random& random) noexcept {
    const Time at = std::max(now, notBefore(now));
    notBefore_ = at + kFloor + backoff_.next(random);
    return at;
  }
  /// When it may be done if waiting is all that may help.
  [[nodiscard]] Time later(Time now, Random& random) noexcept {
    const Time at = std::max(now + kFloor + backoff_.next(random), notBefore(now));
    notBefore_ = at + kFloor;
    return at;
  }

 private:
  static constexpr Duration kFloor = std::chrono::seconds(1);
  static constexpr Duration kLongest = std::chrono::seconds(60);
  // Quiet for so long, it begins afresh.
  static constexpr Duration kCalm = std::chrono::seconds(120);

  Time notBefore(Time now) noexcept {
    if (notBefore_ + kCalm <= now) {
      backoff_.reset();
    }
    return notBefore_;
  }

  Backoff backoff_{kFloor, kLongest - kFloor};
  Time notBefore_{};
};

}  // namespace tidewire::core::protocol
