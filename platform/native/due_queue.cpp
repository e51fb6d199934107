#include "due_queue.hpp"

#include <cstdint>

namespace tidewire::native {
namespace {

constexpr std::uint32_t kNone = internal::LoopTask::Places::kNone;

}  // namespace

void DueQueue::set(internal::LoopTask& task, core::Time time) {
  if (task.places.due == kNone) {
    task.places.due = static_cast<std::uint32_t>(heap_.size());
    heap_.push_back({time, &task});
  } else {
    heap_[task.places.due].time = time;
  }
  rise(task.places.due);
  sink(task.places.due);
}

void DueQueue::remove(internal::LoopTask& task) {
  const std::size_t at = task.places.due;
  if (at == kNone) {
    return;
  }
  task.places.due = kNone;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (last.task != &task) {
    place(at, last);
    rise(at);
    sink(last.task->places.due);
  }
}

void DueQueue::place(std::size_t at, const Entry& entry) noexcept {
  heap_[at] = entry;
  entry.task->places.due = static_cast<std::uint32_t>(at);
}

void DueQueue::rise(std::size_t at) noexcept {
  const Entry entry = heap_[at];
  while (at > 0 && entry.time < heap_[(at - 1) / 2].time) {
    place(at, heap_[(at - 1) / 2]);
    at = (at - 1) / 2;
  }
  place(at, entry);
}

void DueQueue::sink(std::size_t at) noexcept {
  const Entry entry = heap_[at];
  for (std::size_t child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
    if (child + 1 < heap_.size() && heap_[child + 1].time < heap_[child].time) {
      ++child;
    }
    if (entry.time <= heap_[child].time) {
      break;
    }
    place(at, heap_[child]);
    at = child;
  }
  place(at, entry);
}

}  // namespace tidewire::native
