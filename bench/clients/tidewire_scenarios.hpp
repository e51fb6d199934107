#pragma once

#include "common/settings.hpp"

namespace bench {

/// Runs the scenarios of Tidewire that are no `Course`: connect, idle, reconnect, session.
///
/// Returns: false if `settings` name another one.
bool runTidewireScenario(const Settings& settings);

}  // namespace bench
