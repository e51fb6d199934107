#pragma once

#include <cstdint>

namespace tidewire::server {

/// The time of the present turn, in milliseconds. Nothing here reads a clock: the driver sets this one before each
/// call.
class Clock {
 public:
  /// `wall` is since 1970; `steady` since some moment, and never goes back.
  void set(std::int64_t wall, std::int64_t steady) {
    wall_ = wall;
    steady_ = steady;
  }

  [[nodiscard]] std::int64_t wall() const { return wall_; }
  [[nodiscard]] std::int64_t steady() const { return steady_; }

 private:
  std::int64_t wall_ = 0;
  std::int64_t steady_ = 0;
};

}  // namespace tidewire::server
