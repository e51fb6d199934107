#include "turn_clock.hpp"

#include <chrono>
#include <cstdint>

namespace ticker {

namespace {

template <class Clock>
std::int64_t milliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch()).count();
}

}  // namespace

void TurnClock::beginTurn() {
  set(milliseconds<std::chrono::system_clock>(), milliseconds<std::chrono::steady_clock>());
}

}  // namespace ticker
