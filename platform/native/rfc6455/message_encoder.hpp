#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/outgoing.hpp"
#include "rfc6455/byte_buffer.hpp"
#include "rfc6455/frame_writer.hpp"
#include "tidewire/message.hpp"

namespace tidewire::native {

/// The outgoing half of a negotiated extension that changes messages (RFC 6455 section 5.8), such as
/// permessage-deflate (RFC 7692). One for each connection, since it may keep a context from message to message.
class MessageTransform {
 public:
  MessageTransform() = default;
  MessageTransform(const MessageTransform&) = delete;
  MessageTransform& operator=(const MessageTransform&) = delete;
  virtual ~MessageTransform() = default;

  /// Appends the frames of one message to `out`, masked with `maskKey`. `payload` may be overwritten.
  virtual void encode(MessageKind kind, std::span<std::byte> payload, std::uint32_t maskKey, ByteBuffer& out) = 0;
};

/// Gives the messages of one connection to its `FrameWriter`.
///
/// `send` encodes every message early, on the thread that sends and before there may be a connection. Where the
/// handshake negotiated no transform, these frames go out as they are. With one, each message is encoded late: its
/// frame is unmasked in place, and the transform writes other frames.
class MessageEncoder {
 public:
  explicit MessageEncoder(FrameWriter& writer) noexcept : writer_(writer) {}

  /// Requires: no message has been added.
  void setTransform(std::unique_ptr<MessageTransform> transform) noexcept { transform_ = std::move(transform); }
  [[nodiscard]] bool encodesLate() const noexcept { return transform_ != nullptr; }

  /// Adds early frames as they are. Requires: not `encodesLate`.
  void add(std::span<const std::byte> frames, std::size_t payloadBytes, core::Payload keep) {
    writer_.add(frames, payloadBytes, std::move(keep));
  }

  /// Adds the message that `writeFrame` wrote to `frame`. `maskKey`: for the frames of a transform. Requires:
  /// `encodesLate`.
  void addLate(std::byte* frame, std::uint32_t maskKey);

 private:
  FrameWriter& writer_;
  std::unique_ptr<MessageTransform> transform_;
};

}  // namespace tidewire::native
