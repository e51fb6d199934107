#include "platform_types/sync.hpp"

namespace tidewire::internal {

void Mutex::lockSlowly() noexcept {
  // It is held for less time than a sleep takes.
  constexpr int kAttempts = 64;
  for (int i = 0; i < kAttempts; ++i) {
    int free = kFree;
    if (state_.load(std::memory_order_relaxed) == kFree &&
        state_.compare_exchange_weak(free, kHeld, std::memory_order_acquire, std::memory_order_relaxed)) {
      return;
    }
  }
  while (state_.exchange(kAwaited, std::memory_order_acquire) != kFree) {
    state_.wait(kAwaited, std::memory_order_relaxed);
  }
}

}  // namespace tidewire::internal
