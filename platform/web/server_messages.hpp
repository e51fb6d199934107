#pragma once

#include <cstdint>
#include <optional>

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
  ~ServerMessages();

  /// The next one; its body is valid until the one after it.
  [[nodiscard]] std::optional<core::protocol::ServerMessage> next();

 private:
  void releaseBody();

  std::uint32_t reader_;
  std::uint32_t body_ = 0;
};

}  // namespace tidewire::internal
