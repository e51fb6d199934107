#include "platform_types/sync.hpp"

#include <array>
#include <condition_variable>
#include <cstddef>

namespace tidewire::internal {
namespace {

struct Place {
  std::mutex mutex;
  std::condition_variable awake;
};

/// Where threads sleep that wait for this condition. Never destroyed: a thread may sleep when the program ends.
Place& placeOf(const Condition* condition) {
  constexpr std::size_t kPlaces = 16;
  static auto* const places = new std::array<Place, kPlaces>;
  return (*places)[reinterpret_cast<std::uintptr_t>(condition) / 64 % kPlaces];
}

}  // namespace

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

bool Condition::sleep(Lock& lock, const std::chrono::steady_clock::time_point* until) {
  Place& place = placeOf(this);
  std::unique_lock sleeping(place.mutex);
  sleepers_.fetch_add(1, std::memory_order_relaxed);  // Under `lock`, so that who changes the state next sees it.
  const std::uint32_t before = notifications_;
  lock.unlock();
  const auto isNotified = [this, before] { return notifications_ != before; };
  const bool notified = until == nullptr ? (place.awake.wait(sleeping, isNotified), true)
                                         : place.awake.wait_until(sleeping, *until, isNotified);
  sleepers_.fetch_sub(1, std::memory_order_relaxed);
  sleeping.unlock();
  lock.lock();
  return notified;
}

void Condition::wakeAll() noexcept {
  Place& place = placeOf(this);
  {
    const std::lock_guard lock(place.mutex);
    ++notifications_;
  }
  place.awake.notify_all();
}

}  // namespace tidewire::internal
