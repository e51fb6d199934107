#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/protocol/server_message.hpp"
#include "platform/slots.hpp"
#include "tidewire/message.hpp"
#include "tidewire/session_events.hpp"

namespace tidewire::internal {

/// Construction of messages by the SDK.
struct MessageAccess {
  /// A message over bytes that the caller keeps alive.
  static Message view(MessageKind kind, std::span<const std::byte> bytes) noexcept { return {kind, bytes}; }

  /// A message over a body that has just arrived: natively a view, on the web a slot of its own.
  static Message over(MessageKind kind, const core::protocol::ArrivedBody& body) noexcept {
    return body.slot == 0 ? view(kind, body.bytes) : ofSlot(kind, duplicateSlot(body.slot), body.knownBytes);
  }

  /// A message that takes ownership of a slot of the platform's table. `sizeBytes` may be 0 if it is not known yet.
  static Message ofSlot(MessageKind kind, std::uint32_t slot, std::size_t sizeBytes) noexcept {
    return {kind, slot, sizeBytes};
  }

  /// The slot, still owned by the message; 0 if it has none.
  static std::uint32_t slot(const Message& message) noexcept { return message.slot_; }

  /// The size, as far as it is known without loading the payload.
  static std::size_t knownSize(const Message& message) noexcept { return message.size_; }

  /// The message under a body, or null.
  static const Message* messageOf(const Body& body) noexcept { return body.message_; }

  /// A message over bytes that lie in `memory`, which counts it as an owner already.
  static Message in(MessageKind kind, std::span<const std::byte> bytes, MessageMemory* memory) noexcept {
    Message message = view(kind, bytes);
    message.memory_ = memory;
    return message;
  }

  /// Whether it owns nothing, and has a payload.
  static bool isMereView(const Message& message) noexcept {
    return message.slot_ == 0 && message.memory_ == nullptr && message.size_ > 0;
  }

  /// The bytes of a message without a slot.
  static std::span<const std::byte> bytesOf(const Message& message) noexcept { return {message.data_, message.size_}; }

  /// Makes the message independent of the bytes it is over, and moves it out.
  static Message keep(Message& message);
};

}  // namespace tidewire::internal
