#pragma once

#include <cstdint>
#include <string>

namespace tidewire::core {

/// `number` in decimal digits. One function for every integer that a text shows, none of which is negative;
/// `std::to_string` is four, with tables, which a page would load.
[[nodiscard]] std::string decimal(std::uint64_t number);

}  // namespace tidewire::core
