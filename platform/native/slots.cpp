#include "platform/slots.hpp"

// No payload lies in a table here.
namespace tidewire::internal {

void loadSlot(std::uint32_t, std::unique_ptr<std::byte[]>&, std::size_t&) noexcept {}

void releaseSlot(std::uint32_t) noexcept {}

std::uint32_t duplicateSlot(std::uint32_t) noexcept {
  return 0;
}

}  // namespace tidewire::internal
