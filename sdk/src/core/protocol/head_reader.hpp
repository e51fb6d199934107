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
/// The same, into `read`, because moving a head costs as much as reading it. Requires: `read` is one that was just
/// made.
void readServerHead(std::span<const std::byte> head, ServerHead& read);

/// What is no head at all.
[[nodiscard]] Malformed noHead();

}  // namespace tidewire::core::protocol
