#pragma once

#include <string>
#include <string_view>

#include "core/thaw_watch.hpp"
#include "tidewire/endpoint.hpp"
#include "tidewire/events.hpp"
#include "tidewire/log.hpp"

/// What the journal says of each thing that can happen.
namespace tidewire::internal {

[[nodiscard]] std::string describe(const Opened& opened);
[[nodiscard]] std::string describe(const CloseInfo& info);
[[nodiscard]] std::string describe(const Dropped& dropped);
[[nodiscard]] std::string describe(const HeartbeatInfo& info);
[[nodiscard]] std::string_view describe(core::Hint hint);

/// How much an ending matters: a client that gives up is an error, one that never came through is suspicious.
[[nodiscard]] LogLevel levelOf(const CloseInfo& info);

}  // namespace tidewire::internal
