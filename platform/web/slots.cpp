#include <cstddef>
#include <cstdint>

#include "glue.hpp"
#include "platform/slots.hpp"

namespace tidewire::internal {

std::size_t loadSlot(std::uint32_t slot) noexcept {
  return tidewire_js_load(slot);
}

void copyLoadedSlot(std::byte* to) noexcept {
  tidewire_js_copy_loaded(to);
}

void releaseSlot(std::uint32_t slot) noexcept {
  tidewire_js_release(slot);
}

std::uint32_t duplicateSlot(std::uint32_t slot) noexcept {
  return tidewire_js_duplicate(slot);
}

}  // namespace tidewire::internal
