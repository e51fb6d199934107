#pragma once

#include <string>

#include "tidewire/endpoint.hpp"
#include "tidewire/events.hpp"
#include "tidewire/options.hpp"
#include "tidewire/session_options.hpp"

namespace tidewire::core {

/// What `connect()` answers, and a sentence that names the field.
struct OptionsFault {
  ConnectResult result = ConnectResult::Started;
  std::string text = {};

  [[nodiscard]] explicit operator bool() const noexcept { return result != ConnectResult::Started; }
};

/// Whether an attempt may go there: the same answer on every platform, but for headers and user info where the
/// application has no say in the request.
[[nodiscard]] OptionsFault findFault(const Endpoint& endpoint, bool shapesRequest);

/// Whether the values of the other options make sense.
[[nodiscard]] OptionsFault findFault(const Options& options);

/// What a session cannot use: an option that only a client has a use for, or a value of its own options.
[[nodiscard]] OptionsFault findSessionFault(const Options& options, const SessionOptions& session);

/// Makes "for ever" a time that can be added to a clock: ten years.
void boundTimes(Options& options);

}  // namespace tidewire::core
