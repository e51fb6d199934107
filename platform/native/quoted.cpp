// Strings of heads, by nlohmann/json.

#include <nlohmann/json.hpp>

#include "core/protocol/json.hpp"

namespace tidewire::core::protocol {

std::string quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace tidewire::core::protocol
