#pragma once

#include <concepts>
#include <optional>

#include "core/protocol/server_message.hpp"
#include "platform_types/server_messages.hpp"
#include "tidewire/message.hpp"

// Reads the messages of "tidewire.v1" out of WebSocket messages: `tidewire::internal::ServerMessages`, a type of the
// platform's, since a page takes them apart in JavaScript. docs/protocol.md says how; tests/vectors holds a platform to
// it.
namespace tidewire::internal {

template <class Type>
concept MessageSource = std::constructible_from<Type, const Message&> && std::move_constructible<Type> &&
    requires(Type messages) {
  /// The next one; its body is valid until the one after it. Malformed framing is a last one, which is malformed.
  { messages.next() } -> std::same_as<std::optional<core::protocol::ServerMessage>>;
  /// Makes it independent of the `Message` that it was made of, which lives until then. It may move afterwards.
  messages.keep();
};

static_assert(MessageSource<ServerMessages>,
              "the platform's ServerMessages lacks what sdk/src/platform/server_messages.hpp requires of it");

}  // namespace tidewire::internal
