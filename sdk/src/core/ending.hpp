#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/time.hpp"
#include "tidewire/events.hpp"

namespace tidewire::core {

/// Retry information of a transport, or of a protocol above WebSocket, besides the cause.
enum class Fate : std::uint8_t {
  AsUsual,             ///< No information: the cause and the code decide.
  Final,               ///< A retry would end the same way.
  CredentialsRefused,  ///< A retry with fresh credentials may succeed, once.
  Forbidden,           ///< This machine, not the peer, forbids the address: a retry there would end the same way.
  MayPass,             ///< A retry may succeed, whatever the cause and the code are.
};

/// How a connection ended, or why there was none, as the transport saw it.
struct Ending {
  CloseCause cause = CloseCause::ConnectionLost;
  std::uint16_t code = 1006;
  std::string reason = {};
  std::string detail = {};
  int httpStatus = 0;
  Fate fate = Fate::AsUsual;
  std::optional<Duration> retryAfter = {};  ///< The server's `Retry-After`, with 429 or 503.
};

}  // namespace tidewire::core
