#pragma once

#include <string_view>

namespace tidewire::core {

/// What is wrong with a header field that an application wants in the handshake's request, as a sentence's end; empty
/// if nothing is. Line ends are what matters most: they would smuggle in a second field (RFC 7230 section 3.2.4).
[[nodiscard]] std::string_view headerFault(std::string_view name, std::string_view value);

}  // namespace tidewire::core
