#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/thaw_watch.hpp"
#include "core/time.hpp"
#include "platform/transport.hpp"

namespace tidewire::internal {

/// One client's work on the loop thread.
class LoopTask {
 public:
  /// Something was posted, or the deadline has come. May be called without either.
  virtual void turn() = 0;
  /// The platform has noticed something that concerns every connection.
  virtual void hint(core::Hint hint) = 0;
  /// The loop is going, and calls nothing of this task's any more.
  virtual void loopGone() = 0;

 protected:
  ~LoopTask() = default;
};

/// What a platform provides besides its transport: clocks and a wake-up. One loop serves every client of the process,
/// but for those that the application gave a loop of its own.
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

  /// Whether what is woken will have its turn; makes what that takes. False where the system lacks it now, or when the
  /// loop has ended. Any thread.
  [[nodiscard]] virtual bool turns() { return true; }

  /// Has `task->turn()` called once on the loop thread, soon, and never inside this call. Any thread. Keeps the task
  /// alive until then.
  virtual void wake(std::shared_ptr<LoopTask> task) = 0;

  /// From here on `task` gets hints; it takes them from the loop before it goes away. Loop thread.
  virtual void attach(LoopTask& task) = 0;
  virtual void detach(LoopTask& task) = 0;

  /// Has `task.turn()` called when `deadline` has come; replaces the task's former deadline. Loop thread. A task takes
  /// its deadline back (`nullopt`) before it goes away.
  virtual void setDeadline(LoopTask& task, std::optional<core::Time> deadline) = 0;

  /// Loop thread.
  [[nodiscard]] virtual std::unique_ptr<Transport> makeTransport(TransportEvents& events) = 0;

  /// 64 bits that nobody can foresee; nothing if the system has no randomness. Any thread.
  [[nodiscard]] virtual std::optional<std::uint64_t> randomSeed() = 0;

  [[nodiscard]] virtual bool sendsPings() const = 0;
  [[nodiscard]] virtual bool pausesReading() const = 0;
  /// Whether `Options::tls`, headers and user info can be obeyed.
  [[nodiscard]] virtual bool shapesRequest() const = 0;
  /// Whether another thread can wait for what happens on this loop.
  [[nodiscard]] virtual bool canBeAwaited() const = 0;
};

/// The platform's loop, shared by every client of the process (web: of the thread).
[[nodiscard]] std::shared_ptr<Loop> platformLoop();

}  // namespace tidewire::internal
