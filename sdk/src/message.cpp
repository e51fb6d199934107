#include "tidewire/message.hpp"

#include <cstring>
#include <utility>

#include "message_access.hpp"
#include "message_memory.hpp"

namespace tidewire {

Message& Message::operator=(Message&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(memory_, other.memory_);
  std::swap(slot_, other.slot_);
  std::swap(kind_, other.kind_);
  return *this;
}

void Message::release() noexcept {
  if (slot_ != 0) {
    internal::releaseSlot(slot_);
  }
  if (memory_ != nullptr) {
    memory_->release();
  }
}

void Message::load() const noexcept {
  size_ = internal::loadSlot(slot_);
  auto* const memory = internal::SharedMemory::make(size_, 1);
  internal::copyLoadedSlot(memory->bytes());
  data_ = memory->bytes();
  memory_ = memory;
}

namespace internal {

Message MessageAccess::keep(Message& message) {
  if (message.slot_ != 0 || message.size_ == 0) {
    return std::move(message);
  }
  MessageMemory* kept = message.memory_ == nullptr ? nullptr : message.memory_->keep();
  if (kept != nullptr && kept == message.memory_) {
    return std::move(message);
  }
  const std::byte* data = message.data_;
  if (kept == nullptr) {
    SharedMemory* const copy = SharedMemory::make(message.size_, 1);
    std::memcpy(copy->bytes(), message.data_, message.size_);
    data = copy->bytes();
    kept = copy;
  }
  return in(message.kind_, {data, message.size_}, kept);
}

}  // namespace internal
}  // namespace tidewire
