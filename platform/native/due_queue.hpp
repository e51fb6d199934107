#pragma once

#include <cstddef>
#include <vector>

#include "core/time.hpp"
#include "platform/loop.hpp"

namespace tidewire::native {

/// The deadlines of tasks, the earliest first: a binary heap, whose tasks know their places in it. A set with its nodes
/// takes seven times the memory, and two allocations for each change.
class DueQueue {
 public:
  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  /// Requires: not empty; the same for `earliestTask`.
  [[nodiscard]] core::Time earliest() const noexcept { return heap_.front().time; }
  [[nodiscard]] internal::LoopTask& earliestTask() const noexcept { return *heap_.front().task; }

  /// Replaces the task's deadline, if it has one.
  void set(internal::LoopTask& task, core::Time time);
  void remove(internal::LoopTask& task);

 private:
  struct Entry {
    core::Time time;
    internal::LoopTask* task;
  };

  void place(std::size_t at, const Entry& entry) noexcept;
  void rise(std::size_t at) noexcept;
  void sink(std::size_t at) noexcept;

  std::vector<Entry> heap_;
};

}  // namespace tidewire::native
