#pragma once

#include <string>
#include <string_view>

namespace tidewire::core::protocol {

/// `text`, which is UTF-8, as a JSON string with its quotation marks. The platform's JSON library does it.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace tidewire::core::protocol
