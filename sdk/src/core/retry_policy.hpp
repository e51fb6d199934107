#pragma once

#include <cstdint>

#include "core/ending.hpp"
#include "tidewire/options.hpp"

namespace tidewire::core {

/// After this many failures without a success, further attempts are unlikely to succeed.
inline constexpr std::uint64_t kManyFailures = 3;

/// Input of the decision besides the ending.
struct RetryHistory {
  /// Consecutive attempts without one that stayed open, including this one.
  std::uint64_t attemptsInRow = 1;
  /// `Options::endpoint` has already supplied fresh credentials in this row, and they were refused too.
  bool freshCredentialsRefused = false;
  /// Misaddressed attempts since `connect()`, including this one.
  std::uint64_t misaddressed = 0;
  /// Any attempt since `connect()` has opened.
  bool everOpened = false;
};

/// Whether the peer refused the credentials; a fresh token may succeed, once.
[[nodiscard]] bool refusesCredentials(const Ending& ending);

/// Whether the response means that there is no WebSocket at this address. It may be temporary, during a deployment.
[[nodiscard]] bool isMisaddressed(const Ending& ending);

/// Whether a retry follows this ending. The only place that decides it; `docs/design.md` has the table.
[[nodiscard]] bool mayRetry(const Ending& ending, const Options& options, const RetryHistory& history);

/// Whether that retry is slow from the first time on, because the fault is likely to last.
[[nodiscard]] bool retriesSlowly(const Ending& ending, const Options& options);

}  // namespace tidewire::core
