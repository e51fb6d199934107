#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tidewire::core {

/// Checks UTF-8 (RFC 3629) that arrives in pieces, and rejects it at the first byte that cannot be part of well-formed
/// text: overlong forms, surrogates and code points above U+10FFFF are detected before their last byte.
class Utf8Validator {
 public:
  /// Returns: whether everything since the last `reset` can still become well-formed text. Once false, it stays so.
  bool feed(std::span<const std::byte> bytes) noexcept;

  /// Whether the bytes so far are well-formed and do not end within a character.
  [[nodiscard]] bool complete() const noexcept { return state_ == kStart; }

  void reset() noexcept { state_ = kStart; }

 private:
  // States are bit positions in the machine's rows; see utf8.cpp.
  static constexpr std::uint8_t kRefused = 0;
  static constexpr std::uint8_t kStart = 6;

  struct Machine;

  std::uint8_t state_ = kStart;
};

/// Whether `bytes` as a whole is well-formed UTF-8.
[[nodiscard]] bool isValidUtf8(std::span<const std::byte> bytes) noexcept;

}  // namespace tidewire::core
