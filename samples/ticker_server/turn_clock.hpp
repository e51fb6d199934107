#pragma once

#include "server/clock.hpp"

namespace ticker {

/// The time of the present turn of the event loop.
class TurnClock : public tidewire::server::Clock {
 public:
  TurnClock() { TurnClock::beginTurn(); }
  TurnClock(const TurnClock&) = delete;
  TurnClock& operator=(const TurnClock&) = delete;
  virtual ~TurnClock() = default;

  /// Reads the system's clocks. The event loop calls this before anything else in each turn.
  virtual void beginTurn();
};

}  // namespace ticker
