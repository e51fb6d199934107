#include "os/thread.hpp"

#include <memory>
#include <utility>

#include "os/signals.hpp"

namespace tidewire::native {
namespace {

using Function = std::function<void()>;

void* run(void* function) {
  (*static_cast<Function*>(function))();
  return nullptr;
}

void* runAndDelete(void* function) {
  const std::unique_ptr<Function> owned(static_cast<Function*>(function));
  return run(owned.get());
}

bool create(pthread_t& thread, void* (*begin)(void*), Function* function) {
  const AsynchronousSignalsBlocked blocked;
  return pthread_create(&thread, nullptr, begin, function) == 0;
}

}  // namespace

bool Thread::start(Function function) {
  function_ = std::move(function);
  started_ = create(thread_, &run, &function_);
  return started_;
}

void Thread::join() {
  pthread_join(thread_, nullptr);
  started_ = false;
}

bool startDetached(Function function) {
  auto owned = std::make_unique<Function>(std::move(function));
  pthread_t thread{};
  if (!create(thread, &runAndDelete, owned.get())) {
    return false;
  }
  (void)owned.release();  // `runAndDelete` owns it.
  pthread_detach(thread);
  return true;
}

}  // namespace tidewire::native
