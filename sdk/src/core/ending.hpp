#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/time.hpp"
#include "tidewire/events.hpp"

namespace tidewire::core {

/// What a transport, or a protocol above WebSocket, knows of an ending besides its cause.
enum class Fate : std::uint8_t {
  AsUsual,             ///< Nothing: the cause and the code decide.
  Final,               ///< The same would happen again.
  CredentialsRefused,  ///< Fresh ones may help, once.
  Forbidden,           ///< This machine, and not the peer, forbids the address: the same would happen again there.
  MayPass,             ///< The same need not happen again, whatever the cause and the code are.
};

/// How a connection ended, or why there was none, as the transport saw it.
struct Ending {
  CloseCause cause = CloseCause::ConnectionLost;
  std::uint16_t code = 1006;
  std::string reason = {};
  std::string detail = {};
  int httpStatus = 0;
  Fate fate = Fate::AsUsual;
  std::optional<Duration> retryAfter = {};  ///< How long the server asks to wait, with 429 or 503.
};

}  // namespace tidewire::core
