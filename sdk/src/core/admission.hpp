#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/time.hpp"
#include "tidewire/options.hpp"

namespace tidewire::core {

/// The content of a queue.
struct QueueLoad {
  std::size_t messages = 0;
  std::size_t bytes = 0;
};

/// The policy of `SendQueueOptions`: which messages the send queue accepts, which it drops for newer ones, and when one
/// has expired. Every part that holds unsent messages (the mailbox, the connection's queue) uses this class.
class Admission {
 public:
  enum class Verdict : std::uint8_t {
    Accept,
    /// Accept if dropping the oldest posted messages makes it fit; see `fits`.
    Displace,
    NotOpen,
    TooLarge,
    Full,
  };

  explicit Admission(const SendQueueOptions& limits) : limits_(limits) {}

  /// Judges one message. `mode`: overrides `SendQueueOptions::whenNotOpen`. `waiting`: all accepted messages that the
  /// transport does not have yet.
  [[nodiscard]] Verdict judge(std::size_t bytes, std::optional<WhenNotOpen> mode, bool isOpen,
                              const QueueLoad& waiting) const noexcept {
    if (mode.value_or(limits_.whenNotOpen) == WhenNotOpen::Refuse && !isOpen) {
      return Verdict::NotOpen;
    }
    if (bytes > limits_.maxBytes) {
      return Verdict::TooLarge;
    }
    if (fits(bytes, waiting)) {
      return Verdict::Accept;
    }
    return limits_.whenFull == WhenFull::DropOldest ? Verdict::Displace : Verdict::Full;
  }

  [[nodiscard]] bool fits(std::size_t bytes, const QueueLoad& load) const noexcept {
    return load.messages < limits_.maxMessages && bytes <= limits_.maxBytes && limits_.maxBytes - bytes >= load.bytes;
  }

  /// Whether the queue has to drop its oldest messages.
  [[nodiscard]] bool isExceeded(const QueueLoad& load) const noexcept {
    return load.messages > limits_.maxMessages || load.bytes > limits_.maxBytes;
  }

  /// Whether a message that has waited this long is dropped.
  [[nodiscard]] bool hasExpired(Duration waited) const noexcept { return expires() && waited >= limits_.maxAge; }

  /// When a message that waits since `since` expires; nothing if messages do not expire.
  [[nodiscard]] std::optional<Time> expiry(Time since) const noexcept {
    return expires() ? std::optional(since + limits_.maxAge) : std::nullopt;
  }

  /// Whether so many buffered bytes are above the mark of `Client::onDrain`.
  [[nodiscard]] bool isAboveLowWater(std::size_t bufferedBytes) const noexcept {
    return bufferedBytes > limits_.lowWaterBytes;
  }

  /// Whether what an open connection accepts is for that connection alone.
  [[nodiscard]] bool endsWithConnection() const noexcept { return limits_.whenNotOpen == WhenNotOpen::Refuse; }

  /// Whether messages have an age at which they are dropped.
  [[nodiscard]] bool expires() const noexcept { return limits_.maxAge > std::chrono::milliseconds::zero(); }

 private:
  const SendQueueOptions limits_;
};

}  // namespace tidewire::core
