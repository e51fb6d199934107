#pragma once

#include <chrono>

namespace tidewire::internal {

// On the web a client belongs to the thread that made it, and a call from another thread returns before it reaches any
// of these: there is nothing to lock or to wait for.

class Mutex {};

class Lock {
 public:
  explicit Lock(Mutex&) noexcept {}
  ~Lock() {}  // Not trivial, so that a lock which is only held draws no warning.
  void lock() noexcept {}
  void unlock() noexcept {}
};

class Condition {
 public:
  template <class Predicate>
  void wait(Lock&, Predicate) noexcept {}
  void notify_all() noexcept {}
};

template <class Predicate>
bool waitFor(Condition&, Lock&, std::chrono::milliseconds, Predicate holds) {
  return holds();
}

using ThreadId = int;

inline ThreadId thisThread() noexcept {
  return 0;
}

}  // namespace tidewire::internal
