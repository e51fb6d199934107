#include "random_walk.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

namespace ticker {

namespace {

constexpr double kStepDeviation = 0.0004;  // Of the price: some 0.2 % a second at 20 steps a second.
constexpr double kPullToStart = 0.0002;    // Keeps a server that runs for weeks near believable prices.

std::uint64_t hashOf(std::string_view symbol) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a: unlike std::hash, the same with every standard library.
  for (const char letter : symbol) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 1099511628211U;
  }
  return hash;
}

double startPrice(std::string_view symbol) {
  static constexpr std::array<std::pair<std::string_view, double>, 5> kKnown{
      {{"AAPL", 170.57}, {"GOOGL", 1053.4}, {"TSLA", 311.35}, {"COKE", 215.26}, {"YHOO", 52.58}}};
  const auto* const known = std::ranges::find(kKnown, symbol, &std::pair<std::string_view, double>::first);
  return known != kKnown.end() ? known->second : 20 + static_cast<double>(hashOf(symbol) % 48'000) / 100;
}

// Nearly normal, mean 0 and deviation 1: the sum of four uniform numbers. std::normal_distribution would give another
// series with another standard library.
double nearlyNormal(std::mt19937_64& random) {
  const std::uint64_t bits = random();
  const std::uint64_t sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
  constexpr double kMean = 2 * 65535.0;
  constexpr double kDeviation = 37837.2;  // sqrt(4 * (65536^2 - 1) / 12)
  return (static_cast<double>(sum) - kMean) / kDeviation;
}

double toCents(double price) {
  return std::max(0.01, std::round(price * 100) / 100);
}

}  // namespace

RandomWalk::RandomWalk(std::vector<std::string> symbols, std::uint64_t seed)
    : symbols_(std::move(symbols)), seed_(seed) {
  for (const std::string& symbol : symbols_) {
    const double start = startPrice(symbol);
    walkers_.push_back({std::mt19937_64(seed ^ hashOf(symbol)), start, start});
  }
}

std::string RandomWalk::description() const {
  return "random walk, seed " + std::to_string(seed_);
}

std::span<const PricePoint> RandomWalk::step() {
  points_.clear();
  for (std::size_t i = 0; i < walkers_.size(); ++i) {
    Walker& walker = walkers_[i];
    walker.value += walker.value * kStepDeviation * nearlyNormal(walker.random);
    walker.value += (walker.start - walker.value) * kPullToStart;
    points_.push_back({i, toCents(walker.value)});
  }
  return points_;
}

}  // namespace ticker
