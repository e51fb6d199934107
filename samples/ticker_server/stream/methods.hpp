#pragma once

#include <functional>
#include <string_view>

#include "server/application.hpp"

namespace ticker {

class Market;

namespace stream {

class TickerFeed;

/// What the methods answer from.
struct Prices {
  Market& market;
  TickerFeed& tickers;
};

/// Answers a request: `symbols`, `quote` with {"symbol"}, `history` with {"symbol", "count"}.
///
/// `done` is called once, when the answer is there; what `prices` refers to outlives that.
void callMethod(std::string_view method, std::string_view body, const Prices& prices,
                std::function<void(tidewire::server::Outcome)> done);

}  // namespace stream
}  // namespace ticker
