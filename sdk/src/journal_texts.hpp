#pragma once

#include <string>
#include <string_view>

#include "core/wake_watch.hpp"
#include "tidewire/endpoint.hpp"
#include "tidewire/events.hpp"
#include "tidewire/log.hpp"

/// Texts of journal entries.
namespace tidewire::internal {

[[nodiscard]] std::string describe(const Opened& opened);
[[nodiscard]] std::string describe(const CloseInfo& info);
[[nodiscard]] std::string describe(const Dropped& dropped);
[[nodiscard]] std::string describe(const HeartbeatInfo& info);
[[nodiscard]] std::string_view describe(core::Hint hint);

/// The severity of an ending: an error if the client gives up, a warning with `CloseInfo::neverOpened`, else
/// information.
[[nodiscard]] LogLevel levelOf(const CloseInfo& info);

}  // namespace tidewire::internal
