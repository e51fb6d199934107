#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tidewire::core {

/// Largest number of bytes quoted from a server.
inline constexpr std::size_t kMostQuoted = 200;

/// Returns `text` as a part of one line that is safe to show anywhere. Characters that could end the line, move the
/// cursor, or change the direction of writing, and malformed UTF-8, are written as `\n`, `\r`, `\t`, or `\xNN` for each
/// byte. A backslash stays as it is. Ends before the character with which the result would exceed `most` bytes.
[[nodiscard]] std::string oneLine(std::string_view text, std::size_t most = std::string_view::npos);

/// Returns the beginning of `text` on one line, in quotation marks.
[[nodiscard]] std::string inQuotes(std::string_view text);

}  // namespace tidewire::core
