#pragma once

#include "core/random.hpp"
#include "core/time.hpp"

namespace tidewire::core {

/// Exponential backoff with full jitter: a random wait up to a ceiling that doubles from `first` to `longest`. The
/// jitter comes after the cap and applies to the first wait too, so that clients which lost the same server at the same
/// moment spread from the start.
class Backoff {
 public:
  Backoff(Duration first, Duration longest) noexcept;

  [[nodiscard]] Duration next(Random& random) noexcept;
  /// Returns a delay from half of `longest` to `longest`, for faults that last. Leaves the ceiling unchanged.
  [[nodiscard]] Duration slow(Random& random) const noexcept {
    return longest_ / 2 + random.upTo(longest_ - longest_ / 2);
  }
  void reset() noexcept { ceiling_ = first_; }

  /// Ceiling of the first delay.
  [[nodiscard]] Duration first() const noexcept { return first_; }
  /// Ceiling of the next delay.
  [[nodiscard]] Duration ceiling() const noexcept { return ceiling_; }

 private:
  Duration first_;
  Duration longest_;
  Duration ceiling_;
};

}  // namespace tidewire::core
