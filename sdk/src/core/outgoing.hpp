#pragma once

#include <cstddef>

#include "core/payload.hpp"
#include "tidewire/message.hpp"

namespace tidewire::core {

/// An outgoing message, as the core sees it.
struct Outgoing {
  MessageKind kind = MessageKind::Text;
  std::size_t sizeBytes = 0;
  Payload payload;
};

}  // namespace tidewire::core
