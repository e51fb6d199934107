#include "market.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "json.hpp"

namespace ticker {

namespace {

// Rounded to hundredths; adding zero turns -0 into 0.
double percentChange(double first, double now) {
  return std::round((now / first - 1) * 10'000) / 100 + 0.0;
}

}  // namespace

Market::Market(std::unique_ptr<PriceSource> source, Speed speed)
    : source_(std::move(source)), speed_(speed), quotes_(source_->symbols().size()) {}

void Market::step(std::int64_t ts, const std::function<void(std::string_view json)>& log) {
  const double rate = stepsPerSecond();
  ts_ = ts;
  for (const PricePoint& point : source_->step()) {
    Quote& quote = quotes_[point.symbol];
    if (quote.seq == 0) {
      quote.firstPrice = point.price;
    }
    ++quote.seq;
    quote.json = toJson(Tick{.symbol = source_->symbols()[point.symbol],
                             .price = point.price,
                             .change = percentChange(quote.firstPrice, point.price),
                             .seq = quote.seq,
                             .ts = ts});
    log(quote.json);
  }
  for (MarketListener* const listener : listeners_) {
    listener->marketStepped(rate);
  }
}

double Market::stepsPerSecond() const {
  double rate = speed_.stepsPerSecond;
  if (speed_.followListeners) {
    for (const MarketListener* const listener : listeners_) {
      rate = std::max(rate, listener->wantedRate());
    }
  }
  return rate;
}

std::optional<std::size_t> Market::indexOf(std::string_view symbol) const {
  const std::vector<std::string>& symbols = source_->symbols();
  const auto found = std::ranges::find(symbols, symbol);
  return found != symbols.end() ? std::optional(static_cast<std::size_t>(found - symbols.begin())) : std::nullopt;
}

}  // namespace ticker
