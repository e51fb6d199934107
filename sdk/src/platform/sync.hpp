#pragma once

#include <chrono>
#include <concepts>

#include "platform_types/sync.hpp"

// Locks: `Mutex`, `Lock`, `Condition`, `waitFor`, `ThreadId` and `thisThread` in `tidewire::internal`, types of the
// platform's, since a platform whose clients have one thread pays nothing for them.
namespace tidewire::internal {

template <class MutexType, class LockType>
concept Locking = std::default_initializable<MutexType> && std::constructible_from<LockType, MutexType&> &&
    requires(LockType lock) {
  /// A lock is held from its construction to its destruction, except between these two.
  lock.unlock();
  lock.lock();
};

template <class Type, class LockType>
concept Waiting = std::default_initializable<Type> &&
    requires(Type condition, LockType lock, std::chrono::milliseconds timeout, bool (*holds)()) {
  /// Waits until `holds` is true. Not called where `Loop::canBeAwaited` is false and no other thread runs callbacks.
  condition.wait(lock, holds);
  condition.notify_all();
  /// Waits up to `timeout`. Returns whether `holds` became true.
  { waitFor(condition, lock, timeout, holds) } -> std::same_as<bool>;
};

/// The result of `thisThread`: equal on the same thread, different on two that exist at the same time.
template <class Type>
concept ThreadName =
    std::default_initializable<Type> && std::copyable<Type> && std::equality_comparable<Type> && requires {
  { thisThread() }
  noexcept->std::same_as<Type>;
};

static_assert(Locking<Mutex, Lock>, "the platform's Mutex and Lock lack what sdk/src/platform/sync.hpp requires");
static_assert(Waiting<Condition, Lock>,
              "the platform's Condition or waitFor lacks what sdk/src/platform/sync.hpp requires");
static_assert(ThreadName<ThreadId>,
              "the platform's ThreadId or thisThread lacks what sdk/src/platform/sync.hpp requires");

}  // namespace tidewire::internal
