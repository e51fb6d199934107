#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tidewire::core {

/// The most bytes that a text quotes of what the server sent.
inline constexpr std::size_t kMostQuoted = 200;

/// `text` as a part of one line that may be shown anywhere. What could end the line, move the cursor, or turn the
/// direction of writing, and what is not UTF-8, is written as `\n`, `\r`, `\t`, or `\xNN` for each byte. A backslash
/// stays as it is. Ends before the character with which the result would exceed `most` bytes.
[[nodiscard]] std::string oneLine(std::string_view text, std::size_t most = std::string_view::npos);

/// The beginning of `text` on one line, in quotation marks.
[[nodiscard]] std::string inQuotes(std::string_view text);

}  // namespace tidewire::core
