#pragma once

#include <cstddef>
#include <cstdint>

// The table in which a platform keeps the payloads of messages outside of C++: a page in JavaScript. Without such a
// table no message has a slot. Slot 0 is the empty payload, and is neither loaded nor released.
namespace tidewire::internal {

/// Prepares the payload of `slot` for `copyLoadedSlot`, which has to follow at once. Returns its size in bytes.
[[nodiscard]] std::size_t loadSlot(std::uint32_t slot) noexcept;
void copyLoadedSlot(std::byte* to) noexcept;
void releaseSlot(std::uint32_t slot) noexcept;
/// Makes another slot with the same payload.
[[nodiscard]] std::uint32_t duplicateSlot(std::uint32_t slot) noexcept;

}  // namespace tidewire::internal
