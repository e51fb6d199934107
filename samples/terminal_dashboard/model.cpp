#include "model.hpp"

#include <algorithm>
#include <utility>

#include "text.hpp"

namespace dashboard {

using namespace std::chrono_literals;

namespace {

// As many columns as a very wide terminal has.
constexpr std::size_t kPrices = 512;

// A price is never stale before this age.
constexpr std::chrono::seconds kLeastStale(1);

/// The average moves by a quarter, so a pause of the market counts for a few prices only.
void noteArrival(Series& series, Time now) {
  if (series.arrivedAt) {
    const std::chrono::nanoseconds distance = now - *series.arrivedAt;
    series.usualDistance += (distance - series.usualDistance) / (series.usualDistance.count() == 0 ? 1 : 4);
  }
  series.arrivedAt = now;
}

void append(Prices& prices, std::optional<double> price) {
  prices.push_back(price);
  if (prices.size() > kPrices) {
    prices.pop_front();
  }
}

}  // namespace

void Model::stateChanged(tidewire::State state) {
  state_ = state;
  if (!isOpen()) {
    roundTrip_.reset();
  }
}

void Model::opened(const tidewire::Opened& opened, Time now) {
  openedAt_ = now;
  handshakeTime_ = opened.handshakeTime;
  reconnects_ = opened.reconnects;
  reason_.clear();
  refusal_.clear();
}

void Model::closed(const tidewire::CloseInfo& info, Time now) {
  reason_ = reasonOf(info);
  retryAt_ = now + info.retryIn;
  // How long this takes says nothing of the market.
  for (auto& [symbol, series] : series_) {
    series.arrivedAt.reset();
  }
}

void Model::heartbeat(const tidewire::HeartbeatInfo& info) {
  roundTrip_ = info.roundTrip;
}

void Model::ticked(Tick tick, std::uint64_t skipped, Time now) {
  ++arrivals_;
  lastArrival_ = now;
  Series& series = series_[tick.symbol];
  noteArrival(series, now);
  series.skipped += skipped;
  append(series.prices, tick.price);
  series.newest = std::move(tick);
}

void Model::missed(const std::string& symbol) {
  Series& series = series_[symbol];
  ++series.gaps;
  if (!series.prices.empty() && series.prices.back()) {
    append(series.prices, std::nullopt);
  }
}

void Model::refused(const std::string& symbol, const std::string& why) {
  (symbol.empty() ? refusal_ : series_[symbol].refusal) = why;
}

void Model::aged(const std::string& symbol, bool live, std::optional<std::chrono::milliseconds> age, Time now) {
  const auto found = series_.find(symbol);
  if (found == series_.end()) {
    return;
  }
  Series& series = found->second;
  const std::chrono::nanoseconds sinceArrival =
      series.arrivedAt ? now - *series.arrivedAt : std::chrono::nanoseconds(0);
  const std::chrono::nanoseconds silence = std::max<std::chrono::nanoseconds>(sinceArrival, age.value_or(0ms));
  series.live = live && silence <= std::max<std::chrono::nanoseconds>(kLeastStale, 2 * series.usualDistance);
  series.age = age;
}

bool Model::isQuiet() const {
  const auto hasPrice = [](const auto& each) { return !each.second.prices.empty(); };
  const auto isFresh = [&](const auto& each) { return hasPrice(each) && each.second.live; };
  return isOpen() && refusal_.empty() && std::ranges::any_of(series_, hasPrice) &&
         std::ranges::none_of(series_, isFresh);
}

void Model::measure(Time now) {
  const std::chrono::duration<double> passed = now - measuredAt_;
  if (passed < std::chrono::seconds(1)) {
    return;
  }
  rate_ = static_cast<double>(arrivals_) / passed.count();
  arrivals_ = 0;
  measuredAt_ = now;
}

std::string Model::describe(Time now) const {
  switch (state_) {
    case tidewire::State::Open:
      if (isQuiet()) {
        return "no prices for " + formatSeconds(now - lastArrival_);
      }
      return !refusal_.empty()
                 ? refusal_
                 : "open for " + formatDuration(now - openedAt_) + ", handshake " + formatRoundTrip(handshakeTime_);
    case tidewire::State::Waiting:
      return "next try in " + formatSeconds(retryAt_ - now) + ": " + reason_;
    case tidewire::State::Connecting:
      return reason_.empty() ? "connecting" : "trying again: " + reason_;
    default:
      return reason_;
  }
}

}  // namespace dashboard
