#pragma once

#include <cstddef>
#include <span>

namespace tidewire::native {

/// Fills `bytes` from the system's cryptographic generator, which unlike OpenSSL's also works after `main`. Returns
/// false if the process has no access to it; then nothing may be sent that has to be unpredictable. Any thread.
[[nodiscard]] bool drawRandom(std::span<std::byte> bytes) noexcept;

/// Lets `drawManyRandom` use OpenSSL until that cleans up. Once, and before a thread of ours runs: OPENSSL_atexit has
/// no lock, and what it takes while the program ends is never called.
void prepareManyRandom();

/// As `drawRandom`; from OpenSSL's generator, once prepared, while the program runs: a fifth of the time for some KiB,
/// after a slow first call.
[[nodiscard]] bool drawManyRandom(std::span<std::byte> bytes) noexcept;

}  // namespace tidewire::native
