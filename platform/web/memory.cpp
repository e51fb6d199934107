#include "platform/memory.hpp"

#include <new>

namespace tidewire::internal {

PayloadMemory allocatePayload(std::size_t bytes) noexcept {
  return {static_cast<std::byte*>(::operator new(bytes)), bytes};
}

void freePayload(const PayloadMemory& memory) noexcept {
  ::operator delete(memory.data);
}

}  // namespace tidewire::internal
