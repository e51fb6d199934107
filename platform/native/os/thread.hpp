#pragma once

#include <pthread.h>

#include <functional>

namespace tidewire::native {

/// A thread on which the application's handlers of asynchronous signals do not run. Unlike `std::thread` it reports a
/// lack of threads instead of ending the process. Outlives its function.
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
  std::function<void()> function_;
  pthread_t thread_{};
  bool started_ = false;
};

/// Starts a detached thread. Returns false if the system provides none now.
[[nodiscard]] bool startDetached(std::function<void()> function);

}  // namespace tidewire::native
