#include "tidewire/send_buffer.hpp"

#include <limits>
#include <utility>

#include "platform/memory.hpp"
#include "platform/payload_store.hpp"

namespace tidewire {
namespace {

using internal::PayloadStore;

/// Room for the headroom too. No system has as much memory as would overflow the sum.
std::size_t withHeadroom(std::size_t payloadBytes) {
  constexpr std::size_t kMost = (std::numeric_limits<std::size_t>::max)();
  return payloadBytes > kMost - PayloadStore::kHeadroomBytes ? kMost : payloadBytes + PayloadStore::kHeadroomBytes;
}

}  // namespace

SendBuffer::SendBuffer(std::size_t sizeBytes) : size_(sizeBytes) {
  const internal::PayloadMemory memory = internal::allocatePayload(withHeadroom(sizeBytes));
  payload_ = memory.data + PayloadStore::kHeadroomBytes;
  capacity_ = memory.capacity;
}

SendBuffer& SendBuffer::operator=(SendBuffer&& other) noexcept {
  std::swap(payload_, other.payload_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  return *this;
}

void SendBuffer::release() noexcept {
  internal::freePayload({payload_ - PayloadStore::kHeadroomBytes, capacity_});
}

}  // namespace tidewire
