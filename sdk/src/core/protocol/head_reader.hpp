#pragma once

#include <cstddef>
#include <span>

#include "core/protocol/head_fields.hpp"
#include "core/protocol/heads.hpp"

namespace tidewire::core::protocol {

/// What the fields of a head say; they are used up.
[[nodiscard]] ServerHead readServerHead(Fields& fields);

/// Reads a head that a server sent: any bytes. Of repeated fields the last counts. Where a platform reads heads in C++;
/// its JSON library does it. A page does it in messages.js.
[[nodiscard]] ServerHead readServerHead(std::span<const std::byte> head);

/// What is no head at all.
[[nodiscard]] Malformed noHead();

}  // namespace tidewire::core::protocol
