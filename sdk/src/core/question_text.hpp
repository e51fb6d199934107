#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidewire::core {

/// `HeartbeatOptions::message` or `answer`: a text that may hold one place for the number of a question.
class QuestionText {
 public:
  static constexpr std::string_view kPlace = "{n}";

  /// `pattern` outlives it.
  explicit QuestionText(std::string_view pattern) noexcept;

  [[nodiscard]] bool isNumbered() const noexcept { return numbered_; }
  /// The text of question `number`.
  [[nodiscard]] std::string with(std::uint64_t number) const;
  /// The number with which `with` makes this very text. Requires: `isNumbered()`.
  [[nodiscard]] std::optional<std::uint64_t> numberIn(std::string_view text) const noexcept;
  /// No text of `with` is longer.
  [[nodiscard]] std::size_t longestBytes() const noexcept;

 private:
  std::string_view before_;
  std::string_view behind_;
  bool numbered_ = false;
};

}  // namespace tidewire::core
