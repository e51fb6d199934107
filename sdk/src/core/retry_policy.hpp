#pragma once

#include <cstdint>

#include "core/ending.hpp"
#include "tidewire/options.hpp"

namespace tidewire::core {

/// From so many failures without any success on, more of the same is not likely to help.
inline constexpr std::uint64_t kManyFailures = 3;

/// What counts besides the ending itself.
struct RetryHistory {
  /// Attempts that followed each other without one that stayed open, this one included.
  std::uint64_t attemptsInRow = 1;
  /// `Options::endpoint` has been asked for fresh credentials in this row already, and they were refused too.
  bool freshCredentialsRefused = false;
  /// Attempts since `connect()` that were misaddressed, this one included.
  std::uint64_t misaddressed = 0;
  /// Any attempt since `connect()` has opened.
  bool everOpened = false;
};

/// Whether the peer refused who we are: then a fresh token may help, once.
[[nodiscard]] bool refusesCredentials(const Ending& ending);

/// Whether the peer answered that it has no WebSocket for us at this address. During a deployment it may say so for a
/// while.
[[nodiscard]] bool isMisaddressed(const Ending& ending);

/// Whether an attempt that ended like this may be tried again. The only place that decides it; `docs/design.md` has the
/// table.
[[nodiscard]] bool mayRetry(const Ending& ending, const Options& options, const RetryHistory& history);

/// Whether that is to be done slowly from the first time on, since nothing says that it will be over in a moment.
[[nodiscard]] bool retriesSlowly(const Ending& ending, const Options& options);

}  // namespace tidewire::core
