#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "price_source.hpp"

namespace ticker {

/// Made-up prices: every step moves every symbol a little. The same seed gives the same series on every machine, and a
/// symbol's series does not depend on which others are served beside it.
class RandomWalk final : public PriceSource {
 public:
  RandomWalk(std::vector<std::string> symbols, std::uint64_t seed);

  const std::vector<std::string>& symbols() const override { return symbols_; }
  std::string description() const override;
  std::span<const PricePoint> step() override;

 private:
  struct Walker {
    std::mt19937_64 random;
    double start = 0;
    double value = 0;
  };

  std::vector<std::string> symbols_;
  std::uint64_t seed_;
  std::vector<Walker> walkers_;
  std::vector<PricePoint> points_;
};

}  // namespace ticker
