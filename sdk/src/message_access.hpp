#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/protocol/server_message.hpp"
#include "platform/slots.hpp"
#include "tidewire/message.hpp"
#include "tidewire/session_events.hpp"

namespace tidewire::internal {

/// How the SDK makes messages.
struct MessageAccess {
  /// Over bytes that somebody else keeps.
  static Message view(MessageKind kind, std::span<const std::byte> bytes) noexcept { return {kind, bytes}; }

  /// Over what has just arrived: natively a view, on the web a slot of its own.
  static Message over(MessageKind kind, const core::protocol::ArrivedBody& body) noexcept {
    return body.slot == 0 ? view(kind, body.bytes) : ofSlot(kind, duplicateSlot(body.slot), body.knownBytes);
  }

  /// Over a slot of the platform's table, which the message then owns. `sizeBytes` may be 0 where it is not known yet.
  static Message ofSlot(MessageKind kind, std::uint32_t slot, std::size_t sizeBytes) noexcept {
    return {kind, slot, sizeBytes};
  }

  /// The slot, which stays the message's; 0 if it has none.
  static std::uint32_t slot(const Message& message) noexcept { return message.slot_; }

  /// The size as far as it is known without loading.
  static std::size_t knownSize(const Message& message) noexcept { return message.size_; }

  /// What the body is a view of, if there is one.
  static const Message* messageOf(const Body& body) noexcept { return body.message_; }

  /// Makes the message independent of the bytes it is over, and moves it out.
  static Message keep(Message& message);
};

}  // namespace tidewire::internal
