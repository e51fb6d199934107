#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace tidewire::internal {

using Mutex = std::mutex;
using Lock = std::unique_lock<Mutex>;
using Condition = std::condition_variable;

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
