#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/time.hpp"

namespace tidewire::core {

/// Wall-clock time since its epoch. It may be set to anything at any moment.
using WallTime = std::chrono::milliseconds;

/// Notices that this process, or the whole machine, stood still: the wall clock went on while the monotonic clock
/// stood (sleep), or a moment for which a timer was set has passed long ago (a stopped process, a frozen page). A wall
/// clock that somebody sets forward looks the same; the price is one needless question to the peer.
class ThawWatch {
 public:
  /// Looks at both clocks. `due`: what the loop's timer was set for, if it was.
  [[nodiscard]] bool notice(Time now, WallTime wall, std::optional<Time> due = {}) noexcept {
    const bool slept = seen_ && (wall - wall_) - (now - now_) > kSlept;
    const bool stood = due && now - *due > kSlept;
    now_ = now;
    wall_ = wall;
    seen_ = true;
    return slept || stood;
  }

 private:
  // Beyond what a busy machine or a throttled timer makes of a second.
  static constexpr Duration kSlept = std::chrono::seconds(5);

  Time now_{};
  WallTime wall_{};
  bool seen_ = false;
};

/// What a platform notices besides bytes and time.
enum class Hint : std::uint8_t {
  Thawed,   ///< The machine slept, or the process or page stood still.
  Online,   ///< The network is back, or another.
  Offline,  ///< The network is said to be gone.
  Visible,  ///< The page is shown again.
};

}  // namespace tidewire::core
