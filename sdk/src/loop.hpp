#pragma once

#include <memory>
#include <optional>

#include "core/time.hpp"
#include "transport.hpp"

namespace tidewire::internal {

/// One client's work on the loop thread.
class LoopTask {
 public:
  /// Something was posted, or the deadline has come. May be called without either.
  virtual void turn() = 0;

 protected:
  ~LoopTask() = default;
};

/// What a platform provides besides its transport: a clock and a wake-up. One loop serves every client of the process.
class Loop {
 public:
  Loop() = default;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  virtual ~Loop() = default;

  /// The monotonic clock. Any thread.
  [[nodiscard]] virtual core::Time now() const = 0;

  /// Whether this call comes on the loop thread.
  [[nodiscard]] virtual bool onLoopThread() const = 0;

  /// Whether a call for a client of this loop may come from the present thread.
  [[nodiscard]] virtual bool acceptsThisThread() const = 0;

  /// Has `task->turn()` called once on the loop thread, soon, and never inside this call. Any thread. Keeps the task
  /// alive until then.
  virtual void wake(std::shared_ptr<LoopTask> task) = 0;

  /// Has `task.turn()` called when `deadline` has come; replaces the task's former deadline. Loop thread. A task takes
  /// its deadline back (`nullopt`) before it goes away.
  virtual void setDeadline(LoopTask& task, std::optional<core::Time> deadline) = 0;

  /// Loop thread.
  [[nodiscard]] virtual std::unique_ptr<Transport> makeTransport(TransportEvents& events) = 0;

  /// A seed for one client's jitter. Any thread.
  [[nodiscard]] virtual std::uint64_t randomSeed() = 0;

  [[nodiscard]] virtual bool sendsPings() const = 0;
  [[nodiscard]] virtual bool pausesReading() const = 0;
  /// Whether `Options::tls` can be obeyed.
  [[nodiscard]] virtual bool choosesTrust() const = 0;
};

/// The platform's loop, shared by every client of the process (web: of the thread). `platform/` defines it.
[[nodiscard]] std::shared_ptr<Loop> platformLoop();

}  // namespace tidewire::internal
