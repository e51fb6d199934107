#include "tidewire/message.hpp"

#include <cstring>
#include <utility>

#include "message_access.hpp"

namespace tidewire {

Message::Message(Message&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      owned_(std::move(other.owned_)),
      slot_(std::exchange(other.slot_, 0)),
      kind_(other.kind_) {}

Message& Message::operator=(Message&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(owned_, other.owned_);
  std::swap(slot_, other.slot_);
  std::swap(kind_, other.kind_);
  return *this;
}

Message::~Message() {
  if (slot_ != 0) {
    internal::releaseSlot(slot_);
  }
}

void Message::load() const noexcept {
  internal::loadSlot(slot_, owned_, size_);
  data_ = owned_.get();
}

namespace internal {

Message MessageAccess::keep(Message& message) {
  if (message.slot_ == 0 && message.owned_ == nullptr && message.size_ > 0) {
    message.owned_.reset(new std::byte[message.size_]);  // libc++ 14 lacks make_unique_for_overwrite.
    std::memcpy(message.owned_.get(), message.data_, message.size_);
    message.data_ = message.owned_.get();
  }
  return std::move(message);
}

}  // namespace internal
}  // namespace tidewire
