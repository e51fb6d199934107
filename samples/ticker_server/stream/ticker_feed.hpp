#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "market.hpp"
#include "server/channel_log.hpp"

namespace ticker::stream {

/// Puts every tick into the channel of its symbol, `ticker/SYMBOL`.
class TickerFeed final : private MarketListener {
 public:
  /// `market` outlives the feed.
  TickerFeed(Market& market, tidewire::server::LogEngine& engine);
  ~TickerFeed();
  TickerFeed(const TickerFeed&) = delete;
  TickerFeed& operator=(const TickerFeed&) = delete;

  /// Returns: null if the channel is none of a symbol.
  [[nodiscard]] std::shared_ptr<tidewire::server::ChannelLog> log(std::string_view channel) const;
  /// By the market's index of the symbol.
  [[nodiscard]] const std::shared_ptr<tidewire::server::ChannelLog>& log(std::size_t symbol) const {
    return logs_[symbol];
  }

 private:
  void marketStepped(double stepsPerSecond) override;
  [[nodiscard]] double wantedRate() const override { return 0; }

  Market& market_;
  std::vector<std::shared_ptr<tidewire::server::ChannelLog>> logs_;
  std::vector<std::uint64_t> seen_;  // The newest tick of each.
};

}  // namespace ticker::stream
