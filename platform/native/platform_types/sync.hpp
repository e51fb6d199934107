#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace tidewire::internal {

/// A mutex whose way without contention is inlined: `send` takes one for each message, and the calls of `std::mutex`
/// were a seventh of the cost of a small one.
class Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() noexcept {
    int free = kFree;
    if (!state_.compare_exchange_strong(free, kHeld, std::memory_order_acquire, std::memory_order_relaxed)) {
      lockSlowly();
    }
  }
  void unlock() noexcept {
    if (state_.exchange(kFree, std::memory_order_release) == kAwaited) {
      state_.notify_one();
    }
  }

 private:
  static constexpr int kFree = 0;
  static constexpr int kHeld = 1;
  static constexpr int kAwaited = 2;  // Held, and a thread may wait for it.

  void lockSlowly() noexcept;

  std::atomic<int> state_ = kFree;
};

using Lock = std::unique_lock<Mutex>;
using Condition = std::condition_variable_any;

/// Waits up to `timeout`. Returns whether `holds` became true.
template <class Predicate>
bool waitFor(Condition& condition, Lock& lock, std::chrono::milliseconds timeout, Predicate holds) {
  return condition.wait_for(lock, timeout, std::move(holds));
}

using ThreadId = std::thread::id;

inline ThreadId thisThread() noexcept {
  return std::this_thread::get_id();
}

}  // namespace tidewire::internal
