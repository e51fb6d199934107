#pragma once

#include <cstddef>

namespace tidewire::native {

/// A piece of memory, owned by hand.
struct Memory {
  std::byte* data = nullptr;
  std::size_t capacity = 0;
};

// Memory for frames and messages. Freed pieces of 256 bytes to 16 MiB are kept for the next caller, 32 MiB in all for
// the process: otherwise each large message has the system map and clear its pages anew (measured: more than half of
// the cost of sending 1 MiB). Any thread. Running out of memory ends the program, as everywhere without exceptions.

/// Allocates at least `bytes`, whose content is unspecified. From 256 bytes to 16 MiB the capacity is a power of two.
[[nodiscard]] Memory allocate(std::size_t bytes) noexcept;
void release(Memory memory) noexcept;
/// Allocates at least `bytes`, copies the first `used` bytes of `memory` to it, and releases `memory`.
[[nodiscard]] Memory reallocate(Memory memory, std::size_t used, std::size_t bytes) noexcept;

/// Frees the kept pieces that no caller has needed since the last call.
void trimSpareMemory() noexcept;
/// Bytes of the kept pieces.
[[nodiscard]] std::size_t spareMemoryBytes() noexcept;

}  // namespace tidewire::native
