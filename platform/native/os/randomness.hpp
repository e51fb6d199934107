#pragma once

#include <cstddef>
#include <span>

namespace tidewire::native {

/// Fills `bytes` from the system's strong source, which unlike OpenSSL's also answers after `main`. Returns false if
/// the system has none for this process; then nothing may be sent that must not be foreseen. Any thread.
[[nodiscard]] bool drawRandom(std::span<std::byte> bytes) noexcept;

}  // namespace tidewire::native
