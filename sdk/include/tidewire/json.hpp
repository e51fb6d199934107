#pragma once

// For applications whose bodies are JSON. Needs nlohmann/json on the include path of whoever includes it; nothing else
// here includes it.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "tidewire/session_events.hpp"

namespace tidewire {

/// The body as JSON.
///
/// Returns: nothing if there is none, or it is not JSON (RFC 8259). It neither throws nor aborts.
[[nodiscard]] inline std::optional<nlohmann::json> json(const Body& body) {
  nlohmann::json parsed = nlohmann::json::parse(body.text(), nullptr, false);
  return parsed.is_discarded() ? std::nullopt : std::optional(std::move(parsed));
}

/// JSON as a text to publish or to ask with. Strings that are not UTF-8 have their faults replaced by U+FFFD.
[[nodiscard]] inline std::string textOf(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace tidewire
