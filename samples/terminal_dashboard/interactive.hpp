#pragma once

#include <string>
#include <vector>

#include "screen.hpp"
#include "tidewire/options.hpp"

namespace dashboard {

/// Shows the prices of `symbols`, or of all, until a key or a signal ends it. Everything, callbacks included, runs on
/// the calling thread.
///
/// Returns: one of exit_code.hpp.
[[nodiscard]] int runInteractive(Screen& screen, tidewire::Options options, std::vector<std::string> symbols);

}  // namespace dashboard
