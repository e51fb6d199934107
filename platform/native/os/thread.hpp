#pragma once

#include <pthread.h>

#include <functional>

namespace tidewire::native {

/// A thread of ours, on which the application's handlers of asynchronous signals do not run. Unlike `std::thread` it
/// answers, and does not end the process, where the system gives no thread.
class Thread {
 public:
  Thread() = default;
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  /// Returns false if the system gives no thread now. Requires: not started.
  [[nodiscard]] bool start(std::function<void()> function);
  [[nodiscard]] bool started() const { return started_; }
  /// Requires: started, and another thread.
  void join();

 private:
  pthread_t thread_{};
  bool started_ = false;
};

/// Starts a thread that nobody waits for. Returns false if the system gives none now.
[[nodiscard]] bool startDetached(std::function<void()> function);

}  // namespace tidewire::native
