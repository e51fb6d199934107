#pragma once

#include <string_view>

#include "test_client.hpp"

namespace contract {

/// Options for a client of the scripted peer that waits, after its one attempt, for longer than any test.
[[nodiscard]] tidewire::Options optionsForPeer(std::string_view play);

/// Runs a client until its first attempt has ended, then ends it for good. Its first message asks the peer to begin.
///
/// Returns: everything it ever reported. Checks that one close event came, and neither an opening nor
/// a message after it.
[[nodiscard]] Log playedOut(tidewire::Options options);
[[nodiscard]] Log playedOut(std::string_view play);

}  // namespace contract
