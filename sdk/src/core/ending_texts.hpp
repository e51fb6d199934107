#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/time.hpp"

/// Parts of `CloseInfo::detail`, a text for people.
namespace tidewire::core {

/// A close code with its registered name and the reason: `1001 (going away), "restart"`, `4001, "bye"`, `no code`.
[[nodiscard]] std::string closeText(std::uint16_t code, std::string_view reason);

/// An option with its value: `connectTimeout (10000 ms)`, `maxMessageBytes (65536)`.
[[nodiscard]] std::string limitText(std::string_view option, Duration value);
[[nodiscard]] std::string limitText(std::string_view option, std::size_t value);

}  // namespace tidewire::core
