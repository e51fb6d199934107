#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

namespace dashboard {

/// What the locale lets a terminal show.
enum class Charset { Ascii, Utf8 };

/// Draws the last `width` prices, one column each, scaled so that the lowest and the highest fill `height` lines.
///
/// Returns: `height` lines from the top down, each of `width` characters; the newest price is on the right.
[[nodiscard]] std::vector<std::string> sparkline(const std::deque<double>& prices, std::size_t width,
                                                 std::size_t height, Charset charset);

}  // namespace dashboard
