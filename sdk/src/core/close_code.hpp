#pragma once

#include <cstddef>
#include <cstdint>

namespace tidewire::core {

/// A Close frame's payload is at most 125 bytes, of which two are the code (RFC 6455 section 5.5).
inline constexpr std::size_t kMaxReasonBytes = 123;

/// Whether an application may pass this code to close() (WHATWG WebSockets).
[[nodiscard]] constexpr bool mayApplicationClose(std::uint16_t code) noexcept {
  return code == 1000 || (code >= 3000 && code <= 4999);
}

}  // namespace tidewire::core
