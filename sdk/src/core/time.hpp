#pragma once

#include <chrono>
#include <cstdint>

namespace tidewire::core {

/// The monotonic clock of the core: points and durations, but no function to read it. Time reaches the core as an
/// argument, so that tests control it.
struct MonotonicClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::duration<rep, period>;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};

using Time = MonotonicClock::time_point;
using Duration = MonotonicClock::duration;

}  // namespace tidewire::core
