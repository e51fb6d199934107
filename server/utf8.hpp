#pragma once

#include <string_view>

namespace tidewire::server {

/// Whether `text` is well-formed UTF-8 (RFC 3629), as every text on the wire must be.
[[nodiscard]] bool isUtf8(std::string_view text);

}  // namespace tidewire::server
