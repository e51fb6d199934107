#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/protocol/message_reader.hpp"
#include "tidewire/message.hpp"

namespace tidewire::internal {

/// The protocol messages in one WebSocket message of the server.
class ServerMessages {
 public:
  /// `message` outlives it, or the call of `keep`.
  explicit ServerMessages(const Message& message) : reader_(message.kind(), message.bytes()) {}

  /// Returns the next message; its body is valid until the following call.
  [[nodiscard]] std::optional<core::protocol::ServerMessage> next() { return reader_.next(); }

  /// Makes the reader independent of its message: copies the unread part.
  void keep() {
    const std::span<const std::byte> rest = reader_.rest();
    kept_.assign(rest.begin(), rest.end());
    reader_.moveTo(kept_);
  }

 private:
  std::vector<std::byte> kept_;  // Moving it leaves the bytes where they are.
  core::protocol::MessageReader reader_;
};

}  // namespace tidewire::internal
