#pragma once

#include <string_view>

namespace tidewire::core {

/// Describes the fault of an application's header field for the handshake request, as the end of a sentence; empty if
/// there is none. Line ends matter most, since they would inject a second field (RFC 7230 section 3.2.4).
[[nodiscard]] std::string_view headerFault(std::string_view name, std::string_view value);

}  // namespace tidewire::core
