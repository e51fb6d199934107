#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "randomness.hpp"

namespace tidewire::native {

/// Masking keys from the system's strong source (RFC 6455 section 10.3), drawn a page at a time.
class MaskKeys {
 public:
  /// Nothing if there is no randomness. Then no frame may leave.
  [[nodiscard]] std::optional<std::uint32_t> next() noexcept {
    if (used_ == keys_.size()) {
      if (!drawRandom(std::as_writable_bytes(std::span(keys_)))) {
        return std::nullopt;
      }
      used_ = 0;
    }
    return keys_[used_++];
  }

 private:
  std::array<std::uint32_t, 1024> keys_{};
  std::size_t used_ = keys_.size();
};

}  // namespace tidewire::native
