#pragma once

#include <cstdint>

#include "core/time.hpp"

namespace tidewire::core {

/// SplitMix64 (Steele, Lea, Flood 2014): enough to spread retries, small enough for ten thousand clients. The seed is
/// an argument, so the same seed gives the same delays.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  /// From zero to `longest`, both included. The modulo's bias is below 2^-20 for any wait under a month.
  Duration upTo(Duration longest) noexcept {
    return Duration(static_cast<Duration::rep>(next() % (static_cast<std::uint64_t>(longest.count()) + 1)));
  }

 private:
  std::uint64_t state_;
};

}  // namespace tidewire::core
