#pragma once

#include <cstdint>

#include "platform/sync.hpp"

namespace tidewire::internal {

/// Lets one thread at a time in to run code of the application's, until it is shut for good. The lock that every call
/// names is its owner's, and is not held while somebody is inside.
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

  /// Nobody enters after this. Waits for another thread that is inside; one that shuts it from inside goes on.
  void shut(Lock& lock) {
    shut_ = true;
    if (!isHere(lock)) {
      left_.wait(lock, [this] { return !inside_; });
    }
  }

  /// Waits until another thread that is inside has left.
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
