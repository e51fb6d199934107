#pragma once

#include <algorithm>
#include <cstdint>

namespace tidewire::server {

/// So many a second on average, and two seconds' worth at once.
class RateLimit {
 public:
  RateLimit(double perSecond, std::int64_t nowMs) : perSecond_(perSecond), left_(2 * perSecond), at_(nowMs) {}

  /// Whether one more fits; if so, it counts.
  bool take(std::int64_t nowMs) {
    left_ = std::min(2 * perSecond_, left_ + static_cast<double>(nowMs - at_) * perSecond_ / 1000);
    at_ = nowMs;
    if (left_ < 1) {
      return false;
    }
    left_ -= 1;
    return true;
  }

 private:
  double perSecond_;
  double left_;
  std::int64_t at_;
};

}  // namespace tidewire::server
