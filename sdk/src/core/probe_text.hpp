#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidewire::core {

/// `HeartbeatOptions::message` or `answer`: a text with at most one placeholder for the number of a heartbeat.
class ProbeText {
 public:
  static constexpr std::string_view kPlace = "{n}";

  /// `pattern` outlives it.
  explicit ProbeText(std::string_view pattern) noexcept;

  [[nodiscard]] bool isNumbered() const noexcept { return numbered_; }
  /// The text of heartbeat `number`.
  [[nodiscard]] std::string with(std::uint64_t number) const;
  /// The number for which `with` makes exactly this text. Requires: `isNumbered()`.
  [[nodiscard]] std::optional<std::uint64_t> numberIn(std::string_view text) const noexcept;
  /// Length of the longest text of `with`.
  [[nodiscard]] std::size_t longestBytes() const noexcept;

 private:
  std::string_view before_;
  std::string_view behind_;
  bool numbered_ = false;
};

}  // namespace tidewire::core
