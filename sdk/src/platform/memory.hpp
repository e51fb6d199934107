#pragma once

#include <cstddef>

// Memory for payloads that outlive the call which brought them.
namespace tidewire::internal {

struct PayloadMemory {
  std::byte* data = nullptr;
  std::size_t capacity = 0;
};

/// Allocates at least `bytes`, aligned for any type, whose content is unspecified. Any thread. Running out of memory
/// ends the program.
[[nodiscard]] PayloadMemory allocatePayload(std::size_t bytes) noexcept;
void freePayload(const PayloadMemory& memory) noexcept;

}  // namespace tidewire::internal
