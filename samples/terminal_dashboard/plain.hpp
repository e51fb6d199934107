#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tidewire/options.hpp"

namespace dashboard {

/// Prints a line for every price of `symbols`, or of all, and every turn of the connection. Ends after `time` if given,
/// else when the session has closed for good, every symbol was refused, or the output is closed.
///
/// Returns: one of exit_code.hpp: `kDone` if a price has arrived.
[[nodiscard]] int runPlain(tidewire::Options options, std::vector<std::string> symbols,
                           std::optional<std::chrono::duration<double>> time);

}  // namespace dashboard
