#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace tidewire::core {

/// `c` in lower case if it is a letter of ASCII. Unlike `std::tolower` it ignores the locale.
[[nodiscard]] constexpr char toLower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

[[nodiscard]] inline std::string lowered(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) { return toLower(c); });
  return result;
}

[[nodiscard]] constexpr bool equalsIgnoringCase(std::string_view one, std::string_view other) noexcept {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](char a, char b) { return toLower(a) == toLower(b); });
}

[[nodiscard]] constexpr bool isBlank(char c) noexcept {
  return c == ' ' || c == '\t';
}

/// `text` without the blanks at both ends.
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && isBlank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && isBlank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace tidewire::core
