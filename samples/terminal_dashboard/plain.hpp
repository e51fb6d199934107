#pragma once

#include <chrono>
#include <optional>

#include "tidewire/options.hpp"

namespace dashboard {

/// Prints a line for every price and every turn of the connection. Ends after `time` if given, else when the client
/// has closed for good or nobody reads any more.
///
/// Returns: one of exit_code.hpp: `kDone` if a price has arrived.
[[nodiscard]] int runPlain(tidewire::Options options, std::optional<std::chrono::duration<double>> time);

}  // namespace dashboard
