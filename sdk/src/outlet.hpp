#pragma once

#include <cstddef>
#include <cstdint>

#include "event.hpp"
#include "tidewire/message.hpp"

namespace tidewire::internal {

/// Takes the events of one client from its loop half to the application's callbacks: now, or from a queue.
///
/// Loop thread, but for `openRunsHere`. Every call of `deliver` and `release` lies between `begin` and `end`.
class Outlet {
 public:
  virtual void begin() = 0;
  virtual void end() = 0;

  /// `message` is only valid during the call.
  virtual void deliver(Message& message) = 0;
  /// Returns false if the event waits in a queue.
  virtual bool deliver(Event&& event) = 0;

  /// Until `release`, messages wait, and every later event behind them. Only where `Loop::pausesReading` is false.
  virtual void hold() = 0;
  /// Runs the callbacks of the events that waited. Returns the attempt whose `onOpen` was among them, or 0.
  virtual std::uint64_t release() = 0;

  /// Whether the events that wait have reached `Options::deliveryQueueBytes`.
  [[nodiscard]] virtual bool isFull() const = 0;
  /// Whether `Drained` events have a handler.
  [[nodiscard]] virtual bool wantsDrained() const = 0;

  struct Waiting {
    std::size_t events = 0;
    std::size_t bytes = 0;
    std::uint64_t polls = 0;  ///< Calls of `poll` so far.
  };
  [[nodiscard]] virtual Waiting waiting() const = 0;

  /// The attempt whose `onOpen` the calling thread runs, or 0. Any thread.
  [[nodiscard]] virtual std::uint64_t openRunsHere() const = 0;

 protected:
  ~Outlet() = default;
};

}  // namespace tidewire::internal
