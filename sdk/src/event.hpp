#pragma once

#include <variant>

#include "session_news.hpp"
#include "tidewire/endpoint.hpp"
#include "tidewire/events.hpp"
#include "tidewire/message.hpp"
#include "tidewire/session_events.hpp"

namespace tidewire::internal {

/// One call of the application's code, on its way to it.
using Event = std::variant<StateChange, Opened, Message, CloseInfo, HeartbeatInfo, Dropped, Drained, SessionError,
                           SessionEvent, EndpointRequest>;

}  // namespace tidewire::internal
