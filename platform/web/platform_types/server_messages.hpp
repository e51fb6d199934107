#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "core/protocol/server_message.hpp"
#include "tidewire/message.hpp"

namespace tidewire::internal {

/// What the server sent, in one WebSocket message: messages.js takes it apart and reads the heads, and bodies stay in
/// JavaScript.
class ServerMessages {
 public:
  explicit ServerMessages(const Message& message);
  ServerMessages(const ServerMessages&) = delete;
  ServerMessages& operator=(const ServerMessages&) = delete;
  ServerMessages(ServerMessages&& other) noexcept
      : reader_(std::exchange(other.reader_, 0)), body_(std::exchange(other.body_, 0)) {}
  ~ServerMessages();

  /// The next one; its body is valid until the one after it.
  [[nodiscard]] std::optional<core::protocol::ServerMessage> next();

  /// Makes it independent of its message: the reader in JavaScript holds the payload.
  void keep() noexcept {}

 private:
  void releaseBody();

  std::uint32_t reader_;
  std::uint32_t body_ = 0;
};

}  // namespace tidewire::internal
