#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace tidewire::native {

/// Masking keys (RFC 6455 section 10.3), drawn a page at a time.
class MaskKeys {
 public:
  /// Fills `bytes` with unpredictable bytes; returns false if there are none.
  using Draw = bool (*)(std::span<std::byte> bytes) noexcept;

  /// `drawMany`: draws the second page and later ones.
  constexpr MaskKeys(Draw draw, Draw drawMany) noexcept : draw_(draw), drawMany_(drawMany) {}

  /// Returns a key; empty without randomness, and then no frame may be sent.
  [[nodiscard]] std::optional<std::uint32_t> next() noexcept {
    if (used_ == keys_.size()) {
      if (!draw_(std::as_writable_bytes(std::span(keys_)))) {
        return std::nullopt;
      }
      draw_ = drawMany_;
      used_ = 0;
    }
    return keys_[used_++];
  }

 private:
  Draw draw_;
  const Draw drawMany_;
  std::array<std::uint32_t, 1024> keys_{};
  std::size_t used_ = keys_.size();
};

}  // namespace tidewire::native
