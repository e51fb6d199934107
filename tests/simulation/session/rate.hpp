#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>

#include "core/time.hpp"

namespace tidewire::simulation {

/// The times of the last five seconds at which something was done.
class Rate {
 public:
  /// Returns how many of them there are.
  std::size_t note(core::Time now) {
    times_.push_back(now);
    while (times_.front() + kWindow <= now) {
      times_.pop_front();
    }
    return times_.size();
  }
  [[nodiscard]] std::size_t count(core::Time now) const {
    return static_cast<std::size_t>(
        std::count_if(times_.begin(), times_.end(), [now](core::Time time) { return time + kWindow > now; }));
  }

 private:
  static constexpr core::Duration kWindow = std::chrono::seconds(5);

  std::deque<core::Time> times_;
};

}  // namespace tidewire::simulation
