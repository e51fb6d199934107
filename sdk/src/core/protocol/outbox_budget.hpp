#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <limits>

#include "core/admission.hpp"
#include "tidewire/session_events.hpp"
#include "tidewire/session_options.hpp"

namespace tidewire::core::protocol {

/// Room in a session's outbox: for calls that are not sent yet, and for those that wait for their answers.
class OutboxBudget {
 public:
  /// What a call counts besides its body.
  static constexpr std::size_t kCallBytes = 256;

  explicit OutboxBudget(const OutboxOptions& limits)
      : admission_({.maxBytes = limits.maxBytes, .maxMessages = limits.maxCalls}) {}

  /// Takes room for a call with a body of so many bytes.
  ///
  /// Returns: `Queued`, or why there is no room: `TooLarge` (never), `QueueFull` (now).
  [[nodiscard]] CallResult admit(std::size_t bodyBytes) noexcept {
    // A sum beyond the largest size would be a small one.
    const std::size_t bytes = std::min(bodyBytes, std::numeric_limits<std::size_t>::max() - kCallBytes) + kCallBytes;
    switch (admission_.judge(bytes, {}, true, load_)) {
      case Admission::Verdict::Accept:
        ++load_.messages;
        load_.bytes += bytes;
        return CallResult::Queued;
      case Admission::Verdict::TooLarge:
        return CallResult::TooLarge;
      default:
        return CallResult::QueueFull;
    }
  }

  /// The call is over. Requires: it was admitted with as many bytes.
  void release(std::size_t bodyBytes) noexcept {
    assert(load_.messages > 0 && load_.bytes >= bodyBytes + kCallBytes);
    --load_.messages;
    load_.bytes -= bodyBytes + kCallBytes;
  }

 private:
  const Admission admission_;
  QueueLoad load_;
};

}  // namespace tidewire::core::protocol
