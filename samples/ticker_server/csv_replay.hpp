#pragma once

#include <cstddef>
#include <filesystem>
#include <istream>
#include <span>
#include <string>
#include <vector>

#include "price_source.hpp"

namespace ticker {

/// What a file of daily prices holds.
struct DailyPrices {
  std::vector<std::string> symbols;           ///< In order of appearance.
  std::vector<std::vector<PricePoint>> days;  ///< One entry for each date: the closing prices of that day's rows.
};

/// Reads `date,symbol,open,high,low,close,volume` with a header line and dates in order.
///
/// Throws: std::runtime_error that names `name`, the line and what is wrong with it.
DailyPrices readDailyPrices(std::istream& in, const std::string& name);

/// Real prices: one step is one day of a file, and the price is the day's close. After the last day comes the first.
class CsvReplay final : public PriceSource {
 public:
  /// `wanted` chooses symbols; empty means every symbol of the file.
  ///
  /// Throws: std::runtime_error if the file cannot be read, is malformed, or lacks a wanted symbol.
  CsvReplay(const std::filesystem::path& file, const std::vector<std::string>& wanted);

  const std::vector<std::string>& symbols() const override { return prices_.symbols; }
  std::string description() const override;
  std::span<const PricePoint> step() override;

 private:
  std::string file_;
  DailyPrices prices_;
  std::size_t nextDay_ = 0;
};

}  // namespace ticker
