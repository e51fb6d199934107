#pragma once

#include <string>

#include "tidewire/endpoint.hpp"
#include "tidewire/events.hpp"
#include "tidewire/options.hpp"
#include "tidewire/session_options.hpp"

namespace tidewire::core {

/// The result of `connect()`, and a sentence that names the option.
struct OptionsFault {
  ConnectResult result = ConnectResult::Started;
  std::string text = {};

  [[nodiscard]] explicit operator bool() const noexcept { return result != ConnectResult::Started; }
};

/// Validates an endpoint. The same on every platform, except for headers and user info where the application cannot
/// shape the request.
[[nodiscard]] OptionsFault findFault(const Endpoint& endpoint, bool shapesRequest);

/// Validates the other options.
[[nodiscard]] OptionsFault findFault(const Options& options);

/// Validates the options of a session: none that only a client has a use for, and valid `SessionOptions`.
[[nodiscard]] OptionsFault findSessionFault(const Options& options, const SessionOptions& session);

/// Limits every time to ten years, so that it can be added to a clock.
void boundTimes(Options& options);

}  // namespace tidewire::core
