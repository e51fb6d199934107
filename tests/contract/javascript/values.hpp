#pragma once

#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>

#include "tidewire/session.hpp"

// Options, events and statistics as the package has them in JavaScript, and as C++ has them.
namespace contract::javascript {

using Json = nlohmann::json;

/// Without `url` and functions. What a page has not is left out.
[[nodiscard]] Json jsonOf(const tidewire::Options& options);
[[nodiscard]] Json jsonOf(const tidewire::SendOptions& options);
[[nodiscard]] Json jsonOf(const tidewire::Endpoint& endpoint);
/// Those that a session has.
[[nodiscard]] Json sessionJsonOf(const tidewire::Options& options);
[[nodiscard]] Json jsonOf(const tidewire::SubscribeOptions& options);
[[nodiscard]] Json jsonOf(const tidewire::RequestOptions& options);

[[nodiscard]] tidewire::Opened openedOf(const Json& event);
[[nodiscard]] tidewire::CloseInfo closeInfoOf(const Json& event);
[[nodiscard]] tidewire::StateChange stateChangeOf(const Json& event);
[[nodiscard]] tidewire::HeartbeatInfo heartbeatOf(const Json& event);
[[nodiscard]] tidewire::Dropped droppedOf(const Json& event);
[[nodiscard]] tidewire::Drained drainedOf(const Json& event);
[[nodiscard]] tidewire::SessionError errorOf(const Json& error);
[[nodiscard]] std::optional<tidewire::ChannelPosition> positionOf(const Json& position);
/// An answer to a publish.
[[nodiscard]] tidewire::Ack ackOf(const Json& answer);
[[nodiscard]] tidewire::LogLevel logLevelOf(const Json& name);
[[nodiscard]] tidewire::State stateOf(const Json& name);
[[nodiscard]] tidewire::Stats statsOf(const Json& stats);

// Results of calls, by the names that JavaScript has for them. An unknown one ends the program.
[[nodiscard]] tidewire::ConnectResult connectResultOf(const Json& name);
[[nodiscard]] tidewire::SendResult sendResultOf(const Json& name);
[[nodiscard]] tidewire::CloseResult closeResultOf(const Json& name);
[[nodiscard]] tidewire::ReconnectResult reconnectResultOf(const Json& name);
[[nodiscard]] tidewire::HeartbeatResult heartbeatResultOf(const Json& name);
[[nodiscard]] tidewire::CallResult callResultOf(const Json& name);
/// Of a property in milliseconds, or null.
[[nodiscard]] std::optional<std::chrono::milliseconds> timeOf(const Json& milliseconds);

}  // namespace contract::javascript
