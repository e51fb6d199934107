#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "tidewire/events.hpp"

namespace tidewire {

/// What a client has done and where it stands; see `Client::stats`. Counts run from its making and are never reset.
/// Sizes are payload bytes. What an event tells is counted before its callback runs; messages that came or went are
/// counted when the turn in which they did has ended.
struct Stats {
  std::uint64_t attempts = 0;    ///< That began.
  std::uint64_t opens = 0;       ///< That opened.
  std::uint64_t reconnects = 0;  ///< That followed another without the application's `connect()`.

  std::uint64_t messagesSent = 0;  ///< Handed to the platform; arrival is not promised.
  std::uint64_t bytesSent = 0;
  std::uint64_t messagesReceived = 0;
  /// Platforms: Native: bytes. Web: a text counts as its UTF-16 code units, the same for ASCII. Why: texts are not
  /// encoded unless asked for.
  std::uint64_t bytesReceived = 0;

  /// Accepted by `send` and not yet handed to the platform.
  /// Platforms: Web: as `bufferedAmount`.
  std::size_t queuedMessages = 0;
  /// Platforms: Web: as `bufferedAmount`.
  std::size_t queuedBytes = 0;
  /// As `Client::bufferedAmount`.
  /// Platforms: Web: what waits here, and what the browser says that it holds.
  std::size_t bufferedBytes = 0;
  /// That wait for `poll` or the executor.
  /// Platforms: Native: what waits for `poll` or the executor. Web: also what `pause()` holds.
  std::size_t deliveryEvents = 0;
  /// Platforms: Native: as `deliveryEvents`. Web: also what `pause()` holds.
  std::size_t deliveryBytes = 0;

  std::uint64_t droppedMessages = 0;  ///< As reported to `onDropped`.
  std::uint64_t droppedBytes = 0;
  std::uint64_t unconfirmedMessages = 0;  ///< The sum of `CloseInfo::unconfirmedMessages`.

  std::optional<RoundTrips> roundTrips = {};         ///< Of this connection, or of the last one that had any.
  std::optional<HandshakeTimes> lastHandshake = {};  ///< Of the last attempt that opened.

  /// How many attempts ended so.
  [[nodiscard]] std::uint64_t endings(CloseCause cause) const noexcept {
    return endingsByCause[static_cast<std::size_t>(cause)];
  }
  /// How many of `reconnects` followed an attempt that ended so. One that the application's `close()` forestalled is
  /// none, whatever `CloseInfo::willRetry` said.
  [[nodiscard]] std::uint64_t reconnectsAfter(CloseCause cause) const noexcept {
    return reconnectsByCause[static_cast<std::size_t>(cause)];
  }

  std::array<std::uint64_t, kCloseCauseCount> endingsByCause = {};
  std::array<std::uint64_t, kCloseCauseCount> reconnectsByCause = {};  ///< Together `reconnects`.
};

}  // namespace tidewire
