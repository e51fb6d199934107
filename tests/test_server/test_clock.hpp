#pragma once

#include <cstdint>
#include <optional>

#include "turn_clock.hpp"

namespace test_server {

/// The system's clocks, but for the time of day, which is the test's.
class TestClock final : public ticker::TurnClock {
 public:
  struct Settings {
    std::optional<std::int64_t> at = {};  ///< It stands still there, in milliseconds since 1970.
    std::int64_t ahead = 0;               ///< It goes, ahead of the system's by so many milliseconds.
  };

  explicit TestClock(const Settings& settings) : settings_(settings) { TestClock::beginTurn(); }

  void beginTurn() override {
    TurnClock::beginTurn();
    set(settings_.at.value_or(wall() + settings_.ahead), steady());
  }

 private:
  Settings settings_;
};

}  // namespace test_server
