#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "core/protocol/heads.hpp"

namespace tidewire::native {

/// Reads the head of an event in the form in which servers write it: no white space, no escapes, each field once, and
/// no other fields than those of docs/protocol.md. It allocates nothing but a long channel's name.
///
/// Returns: nothing for every other head, whatever its op, and for each that is malformed. The JSON reader decides
/// about those, and agrees with this one about all others.
[[nodiscard]] std::optional<core::protocol::EventHead> readPlainEvent(std::string_view head);

/// Reads any head by the JSON library.
[[nodiscard]] core::protocol::ServerHead readJsonHead(std::span<const std::byte> head);

}  // namespace tidewire::native
