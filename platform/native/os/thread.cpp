#include "os/thread.hpp"

#include <memory>
#include <utility>

#include "os/signals.hpp"

namespace tidewire::native {
namespace {

void* run(void* function) {
  const std::unique_ptr<std::function<void()>> owned(static_cast<std::function<void()>*>(function));
  (*owned)();
  return nullptr;
}

bool create(pthread_t& thread, std::function<void()> function) {
  auto owned = std::make_unique<std::function<void()>>(std::move(function));
  const AsynchronousSignalsBlocked blocked;
  if (pthread_create(&thread, nullptr, &run, owned.get()) != 0) {
    return false;
  }
  (void)owned.release();  // `run` owns it.
  return true;
}

}  // namespace

bool Thread::start(std::function<void()> function) {
  started_ = create(thread_, std::move(function));
  return started_;
}

void Thread::join() {
  pthread_join(thread_, nullptr);
  started_ = false;
}

bool startDetached(std::function<void()> function) {
  pthread_t thread{};
  if (!create(thread, std::move(function))) {
    return false;
  }
  pthread_detach(thread);
  return true;
}

}  // namespace tidewire::native
