#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace ticker {

struct PricePoint {
  std::size_t symbol = 0;  ///< Index into `PriceSource::symbols()`.
  double price = 0;
};

/// A series of prices for a fixed set of symbols. It reads no clock: who calls `step` decides how fast time passes.
class PriceSource {
 public:
  PriceSource() = default;
  PriceSource(const PriceSource&) = delete;
  PriceSource& operator=(const PriceSource&) = delete;
  virtual ~PriceSource() = default;

  [[nodiscard]] virtual const std::vector<std::string>& symbols() const = 0;

  /// What this is, for the line that the server prints when it starts.
  [[nodiscard]] virtual std::string description() const = 0;

  /// Moves on by one step. The series never ends.
  ///
  /// Returns: at most one new price for each symbol, valid until the next call.
  [[nodiscard]] virtual std::span<const PricePoint> step() = 0;
};

}  // namespace ticker
