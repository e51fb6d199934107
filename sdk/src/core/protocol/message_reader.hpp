#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "core/protocol/framing.hpp"
#include "core/protocol/server_message.hpp"

namespace tidewire::core::protocol {

/// Reads the messages that a WebSocket message holds: docs/protocol.md, section 2. A page does the same in messages.js.
class MessageReader {
 public:
  /// `payload` outlives it.
  MessageReader(MessageKind kind, std::span<const std::byte> payload) noexcept
      : kind_(kind), unframer_(kind, payload) {}

  /// The next message. Malformed framing is a last one, which is malformed.
  [[nodiscard]] std::optional<ServerMessage> next();
  /// What has not been read yet.
  [[nodiscard]] std::span<const std::byte> rest() const noexcept { return unframer_.rest(); }
  /// Goes on in a copy of `rest()`, which outlives it.
  void moveTo(std::span<const std::byte> copy) noexcept { unframer_.moveTo(copy); }

 private:
  MessageKind kind_;
  Unframer unframer_;
  bool over_ = false;
};

}  // namespace tidewire::core::protocol
