#pragma once

#include <cstddef>
#include <span>

#include "core/outgoing.hpp"
#include "glue.hpp"

namespace tidewire::internal {

/// Where outgoing payloads lie from `send` until they are sent: in JavaScript's slot table, which the browser takes
/// them from. They are copied there at once, since a view of the memory dies when the memory grows.
class PayloadStore {
 public:
  [[nodiscard]] core::Outgoing put(MessageKind kind, std::span<const std::byte> bytes) {
    const std::uint32_t slot = kind == MessageKind::Text
                                   ? tidewire_js_hold_text(reinterpret_cast<const char*>(bytes.data()), bytes.size())
                                   : tidewire_js_hold_bytes(bytes.data(), bytes.size());
    return ofSlot(kind, slot, bytes.size());
  }

  /// For a payload that is in the table already, and is the message's from now on.
  [[nodiscard]] static core::Outgoing ofSlot(MessageKind kind, std::uint32_t slot, std::size_t sizeBytes) {
    return {kind, sizeBytes, core::Payload(nullptr, slot, &release)};
  }

  [[nodiscard]] static std::uint32_t slot(const core::Outgoing& message) noexcept {
    return static_cast<std::uint32_t>(message.payload.handle());
  }

  /// Nothing is packed together here, so there is nothing to hand over.
  void seal() noexcept {}

 private:
  static void release(void*, std::uintptr_t handle) noexcept {
    tidewire_js_release(static_cast<std::uint32_t>(handle));
  }
};

}  // namespace tidewire::internal
