#pragma once

#include <cstddef>

#include "core/payload.hpp"
#include "tidewire/message.hpp"

namespace tidewire::core {

/// A message on its way out, as far as the core looks at it.
struct Outgoing {
  MessageKind kind = MessageKind::Text;
  std::size_t sizeBytes = 0;
  Payload payload;
};

}  // namespace tidewire::core
