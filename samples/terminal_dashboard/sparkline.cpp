#include "sparkline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

namespace dashboard {

namespace {

constexpr std::size_t kSteps = 8;
using Glyphs = std::array<std::string_view, kSteps + 1>;
constexpr Glyphs kBlocks = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr Glyphs kLetters = {" ", ".", ":", "-", "=", "+", "*", "%", "#"};

/// Every price's height in steps. The lowest is 1, so that it still shows, and nothing is 0; where all are alike, all
/// are in the middle.
std::vector<std::size_t> levelsOf(const Prices& prices, std::size_t count, std::size_t top) {
  const auto [low, high] = rangeOf(prices, count);
  std::vector<std::size_t> levels;
  for (auto price = prices.end() - static_cast<std::ptrdiff_t>(count); price != prices.end(); ++price) {
    if (*price) {
      const double share = high > low ? (**price - low) / (high - low) : 0.5;
      levels.push_back(1 + static_cast<std::size_t>(std::lround(share * static_cast<double>(top - 1))));
    } else {
      levels.push_back(0);
    }
  }
  return levels;
}

}  // namespace

std::pair<double, double> rangeOf(const Prices& prices, std::size_t count) {
  double low = std::numeric_limits<double>::max();
  double high = std::numeric_limits<double>::lowest();
  for (auto price = prices.end() - static_cast<std::ptrdiff_t>(count); price != prices.end(); ++price) {
    low = std::min(low, price->value_or(low));
    high = std::max(high, price->value_or(high));
  }
  return {low, high};
}

std::vector<std::string> sparkline(const Prices& prices, std::size_t width, std::size_t height, Charset charset) {
  const Glyphs& glyphs = charset == Charset::Utf8 ? kBlocks : kLetters;
  const std::size_t count = std::min(width, prices.size());
  std::vector<std::string> lines(height, std::string(width - count, ' '));
  if (count == 0 || height == 0) {
    return lines;
  }
  for (const std::size_t level : levelsOf(prices, count, height * kSteps)) {
    for (std::size_t line = 0; line < height; ++line) {
      const std::size_t below = (height - 1 - line) * kSteps;
      lines[line] += glyphs[level > below ? std::min(level - below, kSteps) : 0];
    }
  }
  return lines;
}

}  // namespace dashboard
