#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
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
/// A condition variable of eight bytes, for the few threads that ever wait for a client: they sleep in one of some
/// places that all conditions of the process share. A `std::condition_variable_any` takes 110, and its notification
/// wakes a thread that then waits for its lock.
class Condition {
 public:
  Condition() = default;
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  template <class Predicate>
  void wait(Lock& lock, Predicate holds) {
    while (!holds()) {
      sleep(lock, nullptr);
    }
  }

  /// Returns whether `holds` became true.
  template <class Predicate>
  bool waitUntil(Lock& lock, std::chrono::steady_clock::time_point until, Predicate holds) {
    bool timeLeft = true;
    while (!holds() && timeLeft) {
      timeLeft = sleep(lock, &until);
    }
    return holds();
  }

  /// Requires: what the others wait for was changed under their lock, which may be released by now.
  void notify_all() noexcept {
    if (sleepers_.load(std::memory_order_relaxed) > 0) {
      wakeAll();
    }
  }

 private:
  /// Returns false if the time is over.
  bool sleep(Lock& lock, const std::chrono::steady_clock::time_point* until);
  void wakeAll() noexcept;

  std::atomic<std::uint32_t> sleepers_ = 0;
  std::uint32_t notifications_ = 0;  // Under the lock of the place.
};

/// Waits up to `timeout`. Returns whether `holds` became true.
template <class Predicate>
bool waitFor(Condition& condition, Lock& lock, std::chrono::milliseconds timeout, Predicate holds) {
  return condition.waitUntil(lock, std::chrono::steady_clock::now() + timeout, std::move(holds));
}

using ThreadId = std::thread::id;

inline ThreadId thisThread() noexcept {
  return std::this_thread::get_id();
}

}  // namespace tidewire::internal
