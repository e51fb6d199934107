#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/ending.hpp"
#include "core/outgoing.hpp"
#include "platform/payload_store.hpp"
#include "tidewire/endpoint.hpp"
#include "tidewire/message.hpp"
#include "tidewire/options.hpp"

namespace tidewire::internal {

using TransportEnd = core::Ending;

/// What a transport tells its client. Every call comes on the loop thread, and none from inside a call of the client's.
///
/// After `transportEnded`, or after the client has called `abort`, nothing comes. A transport is never destroyed inside
/// one of these calls, but it may be aborted there.
class TransportEvents {
 public:
  /// The opening handshake succeeded.
  virtual void transportOpened(std::string_view subprotocol, const HandshakeTimes& times) = 0;

  /// Bytes have arrived: first this, then what they held, then `arrivalEnded`. Between the two the client may queue
  /// messages but calls nothing of the transport's.
  virtual void arrivalBegan() = 0;
  virtual void messageArrived(Message& message) = 0;
  virtual void pongArrived(std::span<const std::byte> payload) = 0;
  virtual void arrivalEnded() = 0;

  /// `room` grew after it had been used up, or `bufferedBytes` fell to what was asked for.
  virtual void transportWritable() = 0;

  /// Terminal: exactly once, unless aborted before.
  virtual void transportEnded(TransportEnd end) = 0;

 protected:
  ~TransportEvents() = default;
};

/// Carries messages for one connection and decides nothing: no timer, no retry, no queue policy. One connection, then
/// it is thrown away. Every call comes on the loop thread.
class Transport {
 public:
  /// How much a transport accepts ahead of the peer.
  static constexpr std::size_t kAheadBytes = 256 * 1024;

  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  /// Aborts.
  virtual ~Transport() = default;

  /// Starts connecting. Answers through events only, never inside this call. Both arguments outlive the transport, or
  /// its abort.
  virtual void open(const Endpoint& endpoint, const Options& options) = 0;

  /// How many bytes `send` takes now; a message larger than that is taken whole if there is any room. 0 before open.
  [[nodiscard]] virtual std::size_t room() const = 0;

  /// Accepts one message. It may leave with the next `flush` only.
  virtual void send(core::Outgoing message) = 0;

  /// How much was sent, in messages and bytes of their payloads.
  struct Sent {
    std::size_t messages = 0;
    std::size_t bytes = 0;
  };

  /// Sends messages from the front of `batch` while there is room; the last ones may go beyond it by 128 KiB.
  virtual Sent sendFrom(PayloadStore::Batch& batch) {
    Sent sent;
    while (room() > 0) {
      std::optional<core::Outgoing> message = batch.next();
      if (!message) {
        break;
      }
      ++sent.messages;
      sent.bytes += message->sizeBytes;
      send(std::move(*message));
    }
    return sent;
  }

  /// How many payload bytes were accepted and not yet handed to the operating system.
  [[nodiscard]] virtual std::size_t bufferedBytes() const = 0;

  /// Has `transportWritable` come once `bufferedBytes` is no more than `most`.
  virtual void awaitBuffered(std::size_t most) = 0;

  /// Hands what was accepted to the system, in as few writes as it takes.
  virtual void flush() = 0;

  /// What the handshake waits for, for people, such as `the TLS handshake with 192.0.2.1:443`; empty once it is open
  /// or has ended.
  [[nodiscard]] virtual std::string awaited() const = 0;

  /// The end of this attempt, if it is known and only waits for more text; then no event comes any more. Asked when the
  /// time for the attempt is over.
  [[nodiscard]] virtual std::optional<TransportEnd> takeKnownEnd() { return std::nullopt; }

  /// Sends a WebSocket Ping (RFC 6455 section 5.5.2). Only where `Loop::sendsPings`.
  virtual void ping(std::span<const std::byte> payload) = 0;

  /// Sends a Close frame after what was accepted and waits for the peer's; then `transportEnded` comes.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;

  /// Stops or continues taking bytes from the connection, so that TCP makes the peer wait. Only where
  /// `Loop::pausesReading`.
  virtual void setReading(bool reading) = 0;

  /// Ends the connection with a Close frame behind what was accepted, and does not wait for the answer: as after
  /// `abort`, no event comes. Requires: open.
  virtual void leave(std::uint16_t code, std::string_view reason) = 0;

  /// Cuts the connection without a closing handshake. No event comes after it.
  virtual void abort() = 0;
};

}  // namespace tidewire::internal
