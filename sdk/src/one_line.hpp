#pragma once

#include <string>
#include <string_view>

namespace tidewire::internal {

/// `text` as a part of one line that may be shown anywhere. What could end the line, move the cursor, or turn the
/// direction of writing, and what is not UTF-8, is written as `\n`, `\r`, `\t`, or `\xNN` for each byte. A backslash
/// stays as it is.
[[nodiscard]] std::string oneLine(std::string_view text);

}  // namespace tidewire::internal
