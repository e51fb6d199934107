#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

// The table in which a platform keeps the payloads of messages outside of C++: a page in JavaScript. Without such a
// table no message has a slot. Slot 0 is the empty payload, and is neither loaded nor released.
namespace tidewire::internal {

/// Copies the payload of `slot` to `owned`.
void loadSlot(std::uint32_t slot, std::unique_ptr<std::byte[]>& owned, std::size_t& sizeBytes) noexcept;
void releaseSlot(std::uint32_t slot) noexcept;
/// Makes another slot with the same payload.
[[nodiscard]] std::uint32_t duplicateSlot(std::uint32_t slot) noexcept;

}  // namespace tidewire::internal
