#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/protocol/message_reader.hpp"
#include "tidewire/message.hpp"

namespace tidewire::internal {

/// What the server sent, in one WebSocket message.
class ServerMessages {
 public:
  /// `message` outlives it, or the call of `keep`.
  explicit ServerMessages(const Message& message) : reader_(message.kind(), message.bytes()) {}

  /// The next one; its body is valid until the one after it.
  [[nodiscard]] std::optional<core::protocol::ServerMessage> next() { return reader_.next(); }

  /// Makes it independent of its message: copies what has not been read yet.
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
