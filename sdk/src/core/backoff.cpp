#include "core/backoff.hpp"

#include <algorithm>

namespace tidewire::core {

Backoff::Backoff(Duration first, Duration longest) noexcept
    : longest_(std::max(longest, Duration::zero())), ceiling_(Duration::zero()) {
  first_ = std::clamp(first, Duration::zero(), longest_);
  ceiling_ = first_;
}

Duration Backoff::next(Random& random) noexcept {
  const Duration wait = random.upTo(ceiling_);
  // Compared before it is doubled: the sum of two ceilings may not fit.
  ceiling_ = ceiling_ < longest_ - ceiling_ ? ceiling_ * 2 : longest_;
  return wait;
}

}  // namespace tidewire::core
