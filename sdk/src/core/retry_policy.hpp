#pragma once

#include "core/ending.hpp"
#include "tidewire/options.hpp"

namespace tidewire::core {

/// Whether an attempt that ended like this may be tried again. The only place that decides it; `docs/design.md` has the
/// table.
[[nodiscard]] bool mayRetry(const Ending& ending, const ReconnectOptions& options);

}  // namespace tidewire::core
