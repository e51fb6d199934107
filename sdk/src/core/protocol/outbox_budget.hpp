#pragma once

#include <cassert>
#include <cstddef>

#include "tidewire/session_events.hpp"
#include "tidewire/session_options.hpp"

namespace tidewire::core::protocol {

/// Room in a session's outbox: for calls that are not sent yet, and for those that wait for their answers.
class OutboxBudget {
 public:
  /// What a call counts besides its body.
  static constexpr std::size_t kCallBytes = 256;

  explicit OutboxBudget(const OutboxOptions& limits) noexcept
      : maxBytes_(limits.maxBytes), maxCalls_(limits.maxCalls) {}

  /// Takes room for a call with a body of so many bytes.
  ///
  /// Returns: `Queued`, or why there is no room: `TooLarge` (never), `QueueFull` (now).
  [[nodiscard]] CallResult admit(std::size_t bodyBytes) noexcept {
    if (maxBytes_ < kCallBytes || bodyBytes > maxBytes_ - kCallBytes) {
      return CallResult::TooLarge;
    }
    const std::size_t bytes = bodyBytes + kCallBytes;
    if (calls_ >= maxCalls_ || bytes > maxBytes_ - bytes_) {
      return CallResult::QueueFull;
    }
    ++calls_;
    bytes_ += bytes;
    return CallResult::Queued;
  }

  /// The call is over. Requires: it was admitted with as many bytes.
  void release(std::size_t bodyBytes) noexcept {
    assert(calls_ > 0 && bytes_ >= bodyBytes + kCallBytes);
    --calls_;
    bytes_ -= bodyBytes + kCallBytes;
  }

 private:
  const std::size_t maxBytes_;
  const std::size_t maxCalls_;
  std::size_t bytes_ = 0;
  std::size_t calls_ = 0;
};

}  // namespace tidewire::core::protocol
