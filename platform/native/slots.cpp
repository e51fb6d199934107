#include "platform/slots.hpp"

// No payload lies in a table here.
namespace tidewire::internal {

std::size_t loadSlot(std::uint32_t) noexcept {
  return 0;
}

void copyLoadedSlot(std::byte*) noexcept {}

void releaseSlot(std::uint32_t) noexcept {}

std::uint32_t duplicateSlot(std::uint32_t) noexcept {
  return 0;
}

}  // namespace tidewire::internal
