#include "message_memory.hpp"

#include <new>

#include "platform/memory.hpp"

namespace tidewire::internal {
SharedMemory* SharedMemory::make(std::size_t capacity, std::uint32_t owners) {
  const PayloadMemory memory = allocatePayload(sizeof(SharedMemory) + capacity);
  return new (memory.data) SharedMemory(memory.capacity, owners);
}

void SharedMemory::release(std::uint32_t owners) noexcept {
  if (owners_.fetch_sub(owners, std::memory_order_acq_rel) == owners) {
    const PayloadMemory memory{reinterpret_cast<std::byte*>(this), allocated_};
    this->~SharedMemory();
    freePayload(memory);
  }
}

/// Makes room for the next message.
void MessageKeeper::renew() {
  if (memory_ != nullptr && memory_->owners() == kManyOwners - given_) {  // All of its messages are gone.
    memory_->renew(given_);
    used_ = 0;
    given_ = 0;
    return;
  }
  retire();
  memory_ = SharedMemory::make(kPackBytes, kManyOwners);
}

/// The messages in it go on.
void MessageKeeper::retire() noexcept {
  if (memory_ != nullptr) {
    std::exchange(memory_, nullptr)->release(kManyOwners - given_);
  }
  used_ = 0;
  given_ = 0;
}

}  // namespace tidewire::internal
