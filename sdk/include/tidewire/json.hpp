#pragma once

// Optional helpers for applications whose bodies are JSON. The including target needs nlohmann/json on its include
// path; no other header of Tidewire includes this one.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "tidewire/session_events.hpp"

namespace tidewire {

/// Parses `body` as JSON (RFC 8259). It neither throws nor aborts on malformed input.
///
/// Requires: `body` is still valid, that is, inside the callback that received it.
/// Returns: the value; empty if there is no body or it is not JSON.
///
/// Platforms: the same everywhere.
[[nodiscard]] inline std::optional<nlohmann::json> json(const Body& body) {
  nlohmann::json parsed = nlohmann::json::parse(body.text(), nullptr, false);
  return parsed.is_discarded() ? std::nullopt : std::optional(std::move(parsed));
}

/// Serialises `json` without whitespace, as the text of `Session::publish` or `Session::request`.
///
/// Malformed UTF-8 in its strings is replaced by U+FFFD, so the result is always well-formed.
/// Returns: the text.
///
/// Platforms: the same everywhere.
[[nodiscard]] inline std::string textOf(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace tidewire
