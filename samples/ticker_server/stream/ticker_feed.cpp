#include "stream/ticker_feed.hpp"

#include <cstddef>
#include <optional>

namespace ticker::stream {

namespace {
constexpr std::string_view kPrefix = "ticker/";
}

TickerFeed::TickerFeed(Market& market, tidewire::server::LogEngine& engine)
    : market_(market), seen_(market.symbolCount(), 0) {
  for (std::size_t symbol = 0; symbol < market.symbolCount(); ++symbol) {
    logs_.push_back(engine.open(std::string(kPrefix) + market.symbol(symbol), std::string()));
  }
  market_.add(*this);
}

TickerFeed::~TickerFeed() {
  market_.remove(*this);
}

std::shared_ptr<tidewire::server::ChannelLog> TickerFeed::log(std::string_view channel) const {
  if (!channel.starts_with(kPrefix)) {
    return nullptr;
  }
  const std::optional<std::size_t> symbol = market_.indexOf(channel.substr(kPrefix.size()));
  return symbol ? logs_[*symbol] : nullptr;
}

void TickerFeed::marketStepped(double /*stepsPerSecond*/) {
  for (std::size_t symbol = 0; symbol < logs_.size(); ++symbol) {
    if (market_.seq(symbol) != seen_[symbol]) {
      seen_[symbol] = market_.seq(symbol);
      logs_[symbol]->append({.body = market_.json(symbol), .ts = market_.ts()}, {});
    }
  }
}

}  // namespace ticker::stream
