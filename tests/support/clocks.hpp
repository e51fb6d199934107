#pragma once

#include <chrono>

namespace support {

/// The clocks of this process in the hands of a test: in the program that this is linked to, they are those of the
/// system and what a test adds. They never go back while anything that this thread made may remember them.
class Clocks {
 public:
  Clocks() = default;
  /// Takes back what was added for this thread.
  ~Clocks();
  Clocks(const Clocks&) = delete;
  Clocks& operator=(const Clocks&) = delete;

  /// For this thread alone, as if it had stood still.
  void goOnHere(std::chrono::nanoseconds time);
  /// For every thread, for good.
  void goOnEverywhere(std::chrono::nanoseconds time);
};

}  // namespace support
