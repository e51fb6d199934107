#pragma once

#include <cstddef>
#include <utility>

#include "tidewire/send_buffer.hpp"

namespace tidewire::internal {

/// The memory of a `SendBuffer`, for the platform that sends it.
struct SendBufferAccess {
  /// Takes the memory, which `allocatePayload` made, and leaves the buffer empty. The payload lies behind the headroom.
  [[nodiscard]] static std::byte* take(SendBuffer& buffer, std::size_t headroomBytes) noexcept {
    buffer.size_ = 0;
    return std::exchange(buffer.payload_, nullptr) - headroomBytes;
  }

  /// Of all the memory.
  [[nodiscard]] static std::size_t capacity(const SendBuffer& buffer) noexcept { return buffer.capacity_; }
};

}  // namespace tidewire::internal
