#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/time.hpp"
#include "core/wake_watch.hpp"
#include "platform/transport.hpp"

namespace tidewire::internal {

/// One client's work on the loop thread.
class LoopTask {
 public:
  /// Where a loop finds the task in its tables. For the loop alone.
  struct Places {
    static constexpr std::uint32_t kNone = 0xFFFFFFFF;
    std::uint32_t attached = kNone;
    std::uint32_t due = kNone;
  };
  Places places;

  /// A command was queued, or the deadline has come. May be called without either.
  virtual void turn() = 0;
  /// An event of the platform that concerns every connection.
  virtual void hint(core::Hint hint) = 0;
  /// The loop is being destroyed, and calls this task no more.
  virtual void loopGone() = 0;

 protected:
  ~LoopTask() = default;
};

/// The platform's event loop: clocks, wake-ups and deadlines. One loop serves every client of the process, except those
/// with a loop of the application.
class Loop {
 public:
  Loop() = default;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  virtual ~Loop() = default;

  /// The monotonic clock. Any thread.
  [[nodiscard]] virtual core::Time now() const = 0;

  /// Whether the caller is on the loop thread.
  [[nodiscard]] virtual bool onLoopThread() const = 0;

  /// Whether the calling thread may use a client of this loop.
  [[nodiscard]] virtual bool acceptsThisThread() const = 0;

  /// Makes the resources for turns if they are missing. Returns whether woken tasks get their turn: false if the system
  /// lacks a resource now, or the loop has ended. Any thread.
  [[nodiscard]] virtual bool turns() { return true; }

  /// Schedules one call of `task->turn()` on the loop thread, never inside this call. Keeps the task alive until then.
  /// Any thread.
  virtual void wake(std::shared_ptr<LoopTask> task) = 0;

  /// `attach` starts hints to `task`; the task calls `detach` before it is destroyed. Loop thread.
  virtual void attach(LoopTask& task) = 0;
  virtual void detach(LoopTask& task) = 0;

  /// Schedules `task.turn()` at `deadline`, and replaces the task's previous deadline. A task clears its deadline
  /// (`nullopt`) before it is destroyed. Loop thread.
  virtual void setDeadline(LoopTask& task, std::optional<core::Time> deadline) = 0;

  /// Loop thread.
  [[nodiscard]] virtual std::unique_ptr<Transport> makeTransport(TransportEvents& events) = 0;

  /// 64 unpredictable bits; empty if the system has no randomness. Any thread.
  [[nodiscard]] virtual std::optional<std::uint64_t> randomSeed() = 0;

  [[nodiscard]] virtual bool sendsPings() const = 0;
  [[nodiscard]] virtual bool pausesReading() const = 0;
  /// Whether `Options::tls`, headers and user info are supported.
  [[nodiscard]] virtual bool shapesRequest() const = 0;
  /// Whether another thread can wait for events of this loop.
  [[nodiscard]] virtual bool canBeAwaited() const = 0;
};

/// The platform's loop, shared by every client of the process (web: of the thread).
[[nodiscard]] std::shared_ptr<Loop> platformLoop();

}  // namespace tidewire::internal
