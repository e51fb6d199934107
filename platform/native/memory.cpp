#include "platform/memory.hpp"

#include "rfc6455/spare_memory.hpp"

namespace tidewire::internal {

PayloadMemory allocatePayload(std::size_t bytes) noexcept {
  const native::Memory memory = native::allocate(bytes);
  return {memory.data, memory.capacity};
}

void freePayload(const PayloadMemory& memory) noexcept {
  native::release({memory.data, memory.capacity});
}

}  // namespace tidewire::internal
