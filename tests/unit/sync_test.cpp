#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "platform/sync.hpp"

namespace tidewire::internal {
namespace {

using namespace std::chrono_literals;

/// A number that two threads raise in turns.
struct Turns {
  Mutex mutex;
  Condition changed;
  int count = 0;
};

/// Raises the number whenever it is even, or odd. `pause`: how long each wait may take before the next one begins.
void raise(Turns& turns, int parity, int upTo, std::chrono::milliseconds pause, bool insideLock) {
  while (true) {
    Lock lock(turns.mutex);
    const auto isOurs = [&] { return turns.count % 2 == parity || turns.count >= upTo; };
    while (!waitFor(turns.changed, lock, pause, isOurs)) {
    }
    if (turns.count >= upTo) {
      return;
    }
    ++turns.count;
    if (!insideLock) {
      lock.unlock();
    }
    turns.changed.notify_all();
  }
}

}  // namespace

TEST_CASE("condition: no notification is lost, whether it is given under the lock or behind it") {
  constexpr int kUpTo = 2'001;
  for (const bool insideLock : {true, false}) {
    for (const std::chrono::milliseconds pause : {0ms, 1ms, 60'000ms}) {
      Turns turns;
      std::thread other([&] { raise(turns, 1, kUpTo, pause, insideLock); });
      raise(turns, 0, kUpTo, pause, insideLock);
      other.join();
      CHECK(turns.count == kUpTo);
    }
  }
}

TEST_CASE("condition: a wait ends by its time, and notices what came with no notification") {
  Mutex mutex;
  Condition condition;
  Lock lock(mutex);
  CHECK_FALSE(waitFor(condition, lock, 1ms, [] { return false; }));
  int looks = 0;
  CHECK(waitFor(condition, lock, 1ms, [&looks] { return ++looks > 1; }));
}

}  // namespace tidewire::internal
