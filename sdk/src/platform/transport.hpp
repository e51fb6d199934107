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

/// Events of a transport. Every call comes on the loop thread, and none from inside a call of the client.
///
/// No event follows `transportEnded` or `abort`. A transport is never destroyed inside one of these calls, but it may
/// be aborted there.
class TransportEvents {
 public:
  /// The opening handshake succeeded.
  virtual void transportOpened(std::string_view subprotocol, const HandshakeTimes& times) = 0;

  /// Bytes have arrived: first this event, then the events that they contain, then `arrivalEnded`. Between the two the
  /// client may queue messages, but does not call the transport.
  virtual void arrivalBegan() = 0;
  virtual void messageArrived(Message& message) = 0;
  virtual void pongArrived(std::span<const std::byte> payload) = 0;
  virtual void arrivalEnded() = 0;

  /// `room` grew after it had been used up, or `bufferedBytes` fell to the requested value.
  virtual void transportWritable() = 0;

  /// The last event; exactly once, unless aborted before.
  virtual void transportEnded(TransportEnd end) = 0;

 protected:
  ~TransportEvents() = default;
};

/// Carries messages for one connection and decides nothing: no timer, no retry, no queue policy. One connection, then
/// it is thrown away. Every call comes on the loop thread.
class Transport {
 public:
  /// Bytes that a transport accepts ahead of the peer.
  static constexpr std::size_t kAheadBytes = 256 * 1024;

  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  /// Aborts.
  virtual ~Transport() = default;

  /// Starts connecting. Reports through events only, never inside this call. `endpoint` is valid until
  /// `transportOpened` has returned, or the transport has ended or was aborted; `options` outlives the transport.
  virtual void open(const Endpoint& endpoint, const Options& options) = 0;

  /// Bytes that `send` accepts now. A larger message is accepted whole if there is any room. 0 before open.
  [[nodiscard]] virtual std::size_t room() const = 0;

  /// Accepts one message. It may leave only with the next `flush`.
  virtual void send(core::Outgoing message) = 0;

  /// Sent messages and their payload bytes.
  struct Sent {
    std::size_t messages = 0;
    std::size_t bytes = 0;
  };

  /// Sends messages from the front of `batch` while there is room; the last ones may go beyond it by 256 KiB.
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

  /// Payload bytes accepted and not yet handed to the operating system.
  [[nodiscard]] virtual std::size_t bufferedBytes() const = 0;

  /// Requests `transportWritable` once `bufferedBytes` is at most `most`.
  virtual void awaitBuffered(std::size_t most) = 0;

  /// Writes the accepted messages to the system, in as few writes as possible.
  virtual void flush() = 0;

  /// The current step of the handshake, for people, such as `the TLS handshake with 192.0.2.1:443`; empty once it is
  /// open or has ended.
  [[nodiscard]] virtual std::string awaited() const = 0;

  /// Returns the ending of this attempt, if it is known and only waits for more text; then no event follows. Called
  /// when `connectTimeout` has passed.
  [[nodiscard]] virtual std::optional<TransportEnd> takeKnownEnd() { return std::nullopt; }

  /// Sends a WebSocket Ping (RFC 6455 section 5.5.2). Only where `Loop::sendsPings`.
  virtual void ping(std::span<const std::byte> payload) = 0;

  /// Sends a Close frame behind the accepted messages and waits for the peer's; then `transportEnded` comes.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;

  /// Stops or continues reading from the connection; TCP flow control pauses the peer. Only where
  /// `Loop::pausesReading`.
  virtual void setReading(bool reading) = 0;

  /// Ends the connection with a Close frame behind the accepted messages, without waiting for the answer. No event
  /// follows. Requires: open.
  virtual void leave(std::uint16_t code, std::string_view reason) = 0;

  /// Cuts the connection without a closing handshake. No event follows.
  virtual void abort() = 0;
};

}  // namespace tidewire::internal
