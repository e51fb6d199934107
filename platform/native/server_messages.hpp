#pragma once

#include <optional>

#include "core/protocol/message_reader.hpp"
#include "tidewire/message.hpp"

namespace tidewire::internal {

/// What the server sent, in one WebSocket message.
class ServerMessages {
 public:
  /// `message` outlives it.
  explicit ServerMessages(const Message& message) : reader_(message.kind(), message.bytes()) {}

  /// The next one; its body is valid until the one after it.
  [[nodiscard]] std::optional<core::protocol::ServerMessage> next() { return reader_.next(); }

 private:
  core::protocol::MessageReader reader_;
};

}  // namespace tidewire::internal
