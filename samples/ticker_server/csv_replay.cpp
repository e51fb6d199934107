#include "csv_replay.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "parse_number.hpp"

namespace ticker {

namespace {

constexpr std::string_view kHeader = "date,symbol,open,high,low,close,volume";
constexpr std::size_t kFields = 7;

bool isDate(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') {
    return false;
  }
  const auto year = parseNumber<int>(text.substr(0, 4));
  const auto month = parseNumber<unsigned>(text.substr(5, 2));
  const auto day = parseNumber<unsigned>(text.substr(8, 2));
  return year && month && day &&
         std::chrono::year_month_day(std::chrono::year(*year), std::chrono::month(*month), std::chrono::day(*day)).ok();
}

/// Reads one row after the other and knows where it stands, so that every complaint can say so.
class DailyPriceReader {
 public:
  DailyPriceReader(std::istream& in, const std::string& name) : in_(in), name_(name) {}

  DailyPrices read() {
    if (!nextLine() || line_ != kHeader) {
      fail("the header is not \"" + std::string(kHeader) + '"');
    }
    while (nextLine()) {
      readRow();
    }
    if (in_.bad()) {
      fail("reading failed: " + std::string(std::strerror(errno)));
    }
    if (prices_.days.empty()) {
      fail("there is no row after the header");
    }
    return std::move(prices_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error(name_ + ':' + std::to_string(std::max<std::size_t>(lineNumber_, 1)) + ": " + what);
  }

  bool nextLine() {
    if (!std::getline(in_, line_)) {
      return false;
    }
    ++lineNumber_;
    if (line_.ends_with('\r')) {
      line_.pop_back();
    }
    return true;
  }

  void readRow() {
    const std::array<std::string_view, kFields> fields = split();
    const auto [date, symbol, openText, highText, lowText, closeText, volumeText] = fields;
    const double open = price("open", openText);
    const double high = price("high", highText);
    const double low = price("low", lowText);
    const double close = price("close", closeText);
    if (low > std::min(open, close) || high < std::max(open, close)) {
      fail("low, open, close and high contradict each other");
    }
    if (!parseNumber<std::uint64_t>(volumeText)) {
      fail("volume: \"" + std::string(volumeText) + "\" is not a whole number");
    }
    startDay(date);
    add(symbol, close);
  }

  [[nodiscard]] std::array<std::string_view, kFields> split() const {
    std::array<std::string_view, kFields> fields;
    std::string_view rest = line_;
    const std::size_t count = static_cast<std::size_t>(std::ranges::count(line_, ',')) + 1;
    if (count != kFields) {
      fail(std::to_string(count) + " fields instead of " + std::to_string(kFields));
    }
    for (std::string_view& field : fields) {
      field = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), field.size() + 1));
    }
    return fields;
  }

  [[nodiscard]] double price(std::string_view field, std::string_view text) const {
    const std::optional<double> number = parseNumber<double>(text);
    if (!number || !(*number > 0) || !(*number < 1e9)) {
      fail(std::string(field) + ": \"" + std::string(text) + "\" is not a price");
    }
    return *number;
  }

  void startDay(std::string_view date) {
    if (!isDate(date)) {
      fail("date: \"" + std::string(date) + "\" is not a date (YYYY-MM-DD)");
    }
    if (date < date_) {
      fail("date: " + std::string(date) + " comes after " + date_);
    }
    if (date != date_) {
      date_ = date;
      prices_.days.emplace_back();
    }
  }

  void add(std::string_view symbol, double close) {
    if (symbol.empty()) {
      fail("symbol: empty");
    }
    const auto known = std::ranges::find(prices_.symbols, symbol);
    const auto index = static_cast<std::size_t>(known - prices_.symbols.begin());
    if (known == prices_.symbols.end()) {
      prices_.symbols.emplace_back(symbol);
    }
    std::vector<PricePoint>& day = prices_.days.back();
    if (std::ranges::find(day, index, &PricePoint::symbol) != day.end()) {
      fail("symbol: a second row for " + std::string(symbol) + " on " + date_);
    }
    day.push_back({index, close});
  }

  std::istream& in_;
  const std::string& name_;
  std::string line_;
  std::size_t lineNumber_ = 0;
  std::string date_;
  DailyPrices prices_;
};

DailyPrices readFile(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in || std::filesystem::is_directory(file)) {
    throw std::runtime_error("--replay: cannot read " + file.string() + ": " + std::strerror(in ? EISDIR : errno));
  }
  return readDailyPrices(in, file.string());
}

// Keeps the wanted symbols only, in the wanted order.
DailyPrices choose(const DailyPrices& all, const std::vector<std::string>& wanted, const std::string& name) {
  DailyPrices chosen{wanted, {}};
  for (const std::string& symbol : wanted) {
    if (std::ranges::find(all.symbols, symbol) == all.symbols.end()) {
      throw std::runtime_error("--symbols: " + name + " has no row for " + symbol);
    }
  }
  for (const std::vector<PricePoint>& day : all.days) {
    std::vector<PricePoint> points;
    for (const PricePoint& point : day) {
      const auto found = std::ranges::find(wanted, all.symbols[point.symbol]);
      if (found != wanted.end()) {
        points.push_back({static_cast<std::size_t>(found - wanted.begin()), point.price});
      }
    }
    if (!points.empty()) {
      chosen.days.push_back(std::move(points));
    }
  }
  return chosen;
}

}  // namespace

DailyPrices readDailyPrices(std::istream& in, const std::string& name) {
  return DailyPriceReader(in, name).read();
}

CsvReplay::CsvReplay(const std::filesystem::path& file, const std::vector<std::string>& wanted)
    : file_(file.string()), prices_(readFile(file)) {
  if (!wanted.empty()) {
    prices_ = choose(prices_, wanted, file_);
  }
}

std::string CsvReplay::description() const {
  return "replay of " + std::to_string(prices_.days.size()) + " days from " + file_;
}

std::span<const PricePoint> CsvReplay::step() {
  const std::vector<PricePoint>& day = prices_.days[nextDay_];
  nextDay_ = (nextDay_ + 1) % prices_.days.size();
  return day;
}

}  // namespace ticker
