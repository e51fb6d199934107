#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/time.hpp"

namespace tidewire::core {

/// Wall-clock time since its epoch. It may jump at any moment.
using WallTime = std::chrono::milliseconds;

/// Detects that this process, or the whole machine, was suspended: the wall clock advanced while the monotonic clock
/// stood still (sleep), or a timer is very late (a stopped process, a frozen page). Setting the wall clock forward
/// looks the same; the price is one needless heartbeat.
class WakeWatch {
 public:
  /// Compares both clocks. `due`: the time of the loop's timer, if it was set.
  [[nodiscard]] bool notice(Time now, WallTime wall, std::optional<Time> due = {}) noexcept {
    const bool slept = seen_ && (wall - wall_) - (now - now_) > kSlept;
    const bool stood = due && now - *due > kSlept;
    now_ = now;
    wall_ = wall;
    seen_ = true;
    return slept || stood;
  }

 private:
  // Longer than the delays of a busy machine or a throttled timer.
  static constexpr Duration kSlept = std::chrono::seconds(5);

  Time now_{};
  WallTime wall_{};
  bool seen_ = false;
};

/// Events of a platform that concern every connection.
enum class Hint : std::uint8_t {
  WokeUp,   ///< The machine slept, or the process or page was suspended.
  Online,   ///< The network is back, or has changed.
  Offline,  ///< The network is reported as gone.
  Visible,  ///< The page is shown again.
};

}  // namespace tidewire::core
