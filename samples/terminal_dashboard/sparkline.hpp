#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dashboard {

/// What the locale lets a terminal show.
enum class Charset { Ascii, Utf8 };

/// Prices in their order, and nothing where some are missing.
using Prices = std::deque<std::optional<double>>;

/// The lowest and the highest of the last `count`. Requires: there is one.
[[nodiscard]] std::pair<double, double> rangeOf(const Prices& prices, std::size_t count);

/// Draws the last `width` prices, one column each, scaled so that the lowest and the highest fill `height` lines.
///
/// Returns: `height` lines from the top down, each of `width` characters; the newest price is on the right.
[[nodiscard]] std::vector<std::string> sparkline(const Prices& prices, std::size_t width, std::size_t height,
                                                 Charset charset);

}  // namespace dashboard
