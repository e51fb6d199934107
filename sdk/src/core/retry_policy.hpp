#pragma once

#include <cstdint>

#include "core/ending.hpp"
#include "tidewire/options.hpp"

namespace tidewire::core {

/// What counts besides the ending itself.
struct RetryHistory {
  /// Attempts that followed each other without one that stayed open, this one included.
  std::uint64_t attemptsInRow = 1;
  /// `Options::endpoint` has been asked for fresh credentials in this row already, and they were refused too.
  bool freshCredentialsRefused = false;
};

/// Whether the peer refused who we are: then a fresh token may help, once.
[[nodiscard]] bool refusesCredentials(const Ending& ending);

/// Whether an attempt that ended like this may be tried again. The only place that decides it; `docs/design.md` has the
/// table.
[[nodiscard]] bool mayRetry(const Ending& ending, const Options& options, const RetryHistory& history);

}  // namespace tidewire::core
