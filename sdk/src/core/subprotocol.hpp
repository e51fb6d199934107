#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

namespace tidewire::core {

/// RFC 7230 section 3.2.6.
[[nodiscard]] constexpr bool isTokenCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// Whether `names` may be offered as subprotocols (RFC 6455 section 4.1): tokens, none of them twice. Case counts.
[[nodiscard]] inline bool areValidSubprotocols(std::span<const std::string> names) {
  for (auto name = names.begin(); name != names.end(); ++name) {
    const bool isToken = !name->empty() && std::all_of(name->begin(), name->end(), isTokenCharacter);
    if (!isToken || std::find(names.begin(), name, *name) != name) {
      return false;
    }
  }
  return true;
}

}  // namespace tidewire::core
