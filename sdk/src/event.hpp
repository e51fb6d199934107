#pragma once

#include <cstddef>
#include <variant>

#include "message_access.hpp"
#include "session_news.hpp"
#include "tidewire/endpoint.hpp"
#include "tidewire/events.hpp"
#include "tidewire/message.hpp"
#include "tidewire/session_events.hpp"

namespace tidewire::internal {

/// One call of the application's code, on its way to it.
using Event = std::variant<StateChange, Opened, Message, CloseInfo, HeartbeatInfo, Dropped, Drained, SessionError,
                           SessionEvent, EndpointRequest>;

// The bytes that an event takes in a queue: itself, its payload, and the texts whose length the peer decides.

[[nodiscard]] std::size_t weigh(const Event& event);
[[nodiscard]] inline std::size_t weigh(const Message& message) noexcept {
  return sizeof(Message) + MessageAccess::knownSize(message);
}

}  // namespace tidewire::internal
