#pragma once

#include <cstdint>

#include "platform/sync.hpp"

namespace tidewire::internal {

/// Serialises user callbacks until closed. Every function needs the owner's lock, which is not held while a callback
/// runs.
class Gate {
 public:
  [[nodiscard]] bool enter(const Lock&) noexcept {
    if (inside_ || shut_) {
      return false;
    }
    inside_ = true;
    who_ = thisThread();
    return true;
  }

  void leave(const Lock&) noexcept {
    inside_ = false;
    who_ = {};
    ++timesLeft_;
    left_.notify_all();
  }

  /// Closes the gate for good. Waits for another thread that is inside; does not wait when called from inside.
  void shut(Lock& lock) {
    shut_ = true;
    if (!isHere(lock)) {
      left_.wait(lock, [this] { return !inside_; });
    }
  }

  /// Waits until the thread that is inside, if it is another one, has left.
  void awaitLeaving(Lock& lock) {
    if (inside_ && !isHere(lock)) {
      left_.wait(lock, [this, before = timesLeft_] { return timesLeft_ != before; });
    }
  }

  /// Whether the calling thread is inside.
  [[nodiscard]] bool isHere(const Lock&) const noexcept { return inside_ && who_ == thisThread(); }

 private:
  Condition left_;
  std::uint64_t timesLeft_ = 0;
  bool inside_ = false;
  bool shut_ = false;
  ThreadId who_{};
};

}  // namespace tidewire::internal
