#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "core/protocol/server_message.hpp"
#include "tidewire/message.hpp"

namespace tidewire::internal {

/// The protocol messages in one WebSocket message of the server. messages.js splits it and reads the heads; bodies stay
/// in JavaScript.
class ServerMessages {
 public:
  explicit ServerMessages(const Message& message);
  ServerMessages(const ServerMessages&) = delete;
  ServerMessages& operator=(const ServerMessages&) = delete;
  ServerMessages(ServerMessages&& other) noexcept
      : reader_(std::exchange(other.reader_, 0)), body_(std::exchange(other.body_, 0)) {}
  ~ServerMessages();

  /// Returns the next message; its body is valid until the following call.
  [[nodiscard]] std::optional<core::protocol::ServerMessage> next();

  /// Makes the reader independent of its message: the reader in JavaScript keeps the payload.
  void keep() noexcept {}

 private:
  void releaseBody();

  std::uint32_t reader_;
  std::uint32_t body_ = 0;
};

}  // namespace tidewire::internal
