#include <cstddef>
#include <cstdint>
#include <memory>

#include "glue.hpp"
#include "platform/slots.hpp"

namespace tidewire::internal {

void loadSlot(std::uint32_t slot, std::unique_ptr<std::byte[]>& owned, std::size_t& sizeBytes) noexcept {
  sizeBytes = tidewire_js_load(slot);
  owned.reset(new std::byte[sizeBytes]);
  tidewire_js_copy_loaded(owned.get());
}

void releaseSlot(std::uint32_t slot) noexcept {
  tidewire_js_release(slot);
}

std::uint32_t duplicateSlot(std::uint32_t slot) noexcept {
  return tidewire_js_duplicate(slot);
}

}  // namespace tidewire::internal
