#pragma once

#include <concepts>
#include <optional>

#include "core/protocol/server_message.hpp"
#include "platform_types/server_messages.hpp"
#include "tidewire/message.hpp"

// Reads the messages of "tidewire.v1" out of WebSocket messages: `tidewire::internal::ServerMessages`, a type of the
// platform's, since a page splits them in JavaScript. docs/protocol.md specifies the format; tests/vectors checks each
// platform.
namespace tidewire::internal {

template <class Type>
concept MessageSource = std::constructible_from<Type, const Message&> && std::move_constructible<Type> &&
    requires(Type messages) {
  /// Returns the next message; its body is valid until the following call. Malformed framing yields a malformed last
  /// message.
  { messages.next() } -> std::same_as<std::optional<core::protocol::ServerMessage>>;
  /// Makes the reader independent of the `Message` it was made from, which lives until then. The reader may be moved
  /// afterwards.
  messages.keep();
};

static_assert(MessageSource<ServerMessages>,
              "the platform's ServerMessages lacks what sdk/src/platform/server_messages.hpp requires of it");

}  // namespace tidewire::internal
