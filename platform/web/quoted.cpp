// Strings of heads, by the browser's JSON.

#include <string>

#include "core/protocol/json.hpp"
#include "glue.hpp"
#include "message_access.hpp"

namespace tidewire::core::protocol {

std::string quoted(std::string_view text) {
  const auto slot = tidewire_js_hold_quoted(text.data(), text.size());
  return std::string(internal::MessageAccess::ofSlot(MessageKind::Text, slot, 0).text());
}

}  // namespace tidewire::core::protocol
