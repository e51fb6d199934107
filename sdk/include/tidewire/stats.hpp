#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "tidewire/events.hpp"

namespace tidewire {

/// Counters and gauges of one client or session; see `Client::stats` and `Session::stats`.
///
/// Counters start at construction and are never reset. Sizes are payload bytes, without frame headers. An event is
/// counted before its callback runs; messages are counted at the end of the turn of the loop that moved them. For a
/// session, messages are WebSocket messages, each of which may carry several protocol messages.
struct Stats {
  /// Attempts that began.
  std::uint64_t attempts = 0;
  /// Attempts that reached `State::Open`.
  std::uint64_t opens = 0;
  /// Attempts that followed another one without a call of `connect()`.
  std::uint64_t reconnects = 0;

  /// Messages handed to the platform. Their arrival is not promised.
  std::uint64_t messagesSent = 0;
  /// Payload bytes of `messagesSent`.
  std::uint64_t bytesSent = 0;
  /// Messages received from the peer.
  std::uint64_t messagesReceived = 0;
  /// Payload bytes of `messagesReceived`.
  ///
  /// Platforms: Native: bytes. Web: a text counts as its UTF-16 code units, the same for ASCII. Why: texts are encoded
  /// only on demand.
  std::uint64_t bytesReceived = 0;

  /// Messages in the send queue: accepted by `send`, and not yet handed to the platform.
  ///
  /// Platforms: Web: as `bufferedAmount`.
  std::size_t queuedMessages = 0;
  /// Payload bytes of `queuedMessages`.
  ///
  /// Platforms: Web: as `bufferedAmount`.
  std::size_t queuedBytes = 0;
  /// Payload bytes not yet handed to the operating system: `queuedBytes` and the bytes that the platform buffers; the
  /// value of `Client::bufferedAmount`.
  ///
  /// Platforms: Web: the send queue, and the bytes that the browser reports as buffered.
  std::size_t bufferedBytes = 0;
  /// Events in the delivery queue.
  ///
  /// Platforms: Native: events that wait for `poll` or the executor. Web: also those held by `pause()`.
  std::size_t deliveryEvents = 0;
  /// Payload bytes of `deliveryEvents`.
  ///
  /// Platforms: Native: of events that wait for `poll` or the executor. Web: also of those held by `pause()`.
  std::size_t deliveryBytes = 0;

  /// Messages that were accepted and will never be sent; the sum over all `onDropped` events.
  std::uint64_t droppedMessages = 0;
  /// Payload bytes of `droppedMessages`.
  std::uint64_t droppedBytes = 0;
  /// Sum of `CloseInfo::unconfirmedMessages` over all close events.
  std::uint64_t unconfirmedMessages = 0;

  /// Round-trip times of the current connection, else of the last connection that measured any; empty before the first.
  std::optional<RoundTrips> roundTrips = {};
  /// Handshake times of the last attempt that opened; empty before the first.
  std::optional<HandshakeTimes> lastHandshake = {};

  /// Returns: how many attempts ended with `cause`.
  [[nodiscard]] std::uint64_t endings(CloseCause cause) const noexcept {
    return endingsByCause[static_cast<std::size_t>(cause)];
  }
  /// Returns: how many of `reconnects` followed an attempt that ended with `cause`.
  ///
  /// A retry that `close()` cancelled before it began is not counted, even if `CloseInfo::willRetry` announced it.
  [[nodiscard]] std::uint64_t reconnectsAfter(CloseCause cause) const noexcept {
    return reconnectsByCause[static_cast<std::size_t>(cause)];
  }

  /// Endings by `CloseCause`, as an index.
  std::array<std::uint64_t, kCloseCauseCount> endingsByCause = {};
  /// `reconnects` by the `CloseCause` of the attempt before, as an index.
  std::array<std::uint64_t, kCloseCauseCount> reconnectsByCause = {};
};

}  // namespace tidewire
