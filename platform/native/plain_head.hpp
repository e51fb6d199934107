#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "core/protocol/heads.hpp"

namespace tidewire::native {

/// Reads the head of an event in the form in which servers write it: no white space, no escapes, each field once, and
/// no other fields than those of docs/protocol.md. It allocates nothing but a long channel's name.
///
/// Returns: false for every other head, whatever its op, and for each that is malformed; `event` is unspecified then.
/// The JSON reader decides about those, and agrees with this one about all others.
///
/// Requires: `event` is one that was just made.
[[nodiscard]] bool readPlainEvent(std::string_view head, core::protocol::EventHead& event);

/// Reads any head by the JSON library.
[[nodiscard]] core::protocol::ServerHead readJsonHead(std::span<const std::byte> head);

}  // namespace tidewire::native
