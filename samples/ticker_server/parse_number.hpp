#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace ticker {

/// Reads `text` as a number and nothing but a number, whatever the locale.
template <class Number>
std::optional<Number> parseNumber(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

}  // namespace ticker
