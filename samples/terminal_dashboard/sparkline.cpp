#include "sparkline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace dashboard {

namespace {

constexpr std::size_t kSteps = 8;
using Glyphs = std::array<std::string_view, kSteps + 1>;
constexpr Glyphs kBlocks = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr Glyphs kLetters = {" ", ".", ":", "-", "=", "+", "*", "%", "#"};

/// Every price's height in steps. The lowest is 1, so that it still shows; where all are alike, all are in the middle.
std::vector<std::size_t> levelsOf(const std::deque<double>& prices, std::size_t count, std::size_t top) {
  const auto first = prices.end() - static_cast<std::ptrdiff_t>(count);
  const auto [low, high] = std::minmax_element(first, prices.end());
  std::vector<std::size_t> levels;
  for (auto price = first; price != prices.end(); ++price) {
    const double share = *high > *low ? (*price - *low) / (*high - *low) : 0.5;
    levels.push_back(1 + static_cast<std::size_t>(std::lround(share * static_cast<double>(top - 1))));
  }
  return levels;
}

}  // namespace

std::vector<std::string> sparkline(const std::deque<double>& prices, std::size_t width, std::size_t height,
                                   Charset charset) {
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
