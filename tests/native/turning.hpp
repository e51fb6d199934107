#pragma once

#include <doctest/doctest.h>

#include <chrono>

#include "tidewire/loop.hpp"

namespace support {

inline constexpr std::chrono::seconds kPatience{30};

/// Turns the loop until `holds()`.
template <class Holds>
void turnUntil(tidewire::Loop& loop, Holds holds) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!holds()) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    loop.turn(std::chrono::milliseconds(100));
  }
}

}  // namespace support
