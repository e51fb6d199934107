#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/protocol/heads.hpp"

namespace tidewire::core::protocol {

/// Where a body lies until the next message is read: natively in the WebSocket message that brought it, on the web in
/// JavaScript's table.
struct ArrivedBody {
  std::span<const std::byte> bytes = {};  ///< Natively.
  std::uint32_t slot = 0;                 ///< On the web. 0 is an empty text.
  std::size_t knownBytes = 0;             ///< On the web: at least so many.
};

/// What a server sent, taken out of the WebSocket message that brought it.
struct ServerMessage {
  ServerHead head;
  std::optional<ArrivedBody> body = {};  ///< No body and an empty one are different things.
};

}  // namespace tidewire::core::protocol
