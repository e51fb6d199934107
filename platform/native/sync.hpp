#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

namespace tidewire::internal {

using Mutex = std::mutex;
using Lock = std::unique_lock<Mutex>;
using Condition = std::condition_variable;
using ThreadId = std::thread::id;

inline ThreadId thisThread() noexcept {
  return std::this_thread::get_id();
}

}  // namespace tidewire::internal
