#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace tidewire::core {

/// A text as the bytes it is made of. libc++ 14 cannot make a span of a string view by itself.
[[nodiscard]] inline std::span<const std::byte> asBytes(std::string_view text) noexcept {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace tidewire::core
