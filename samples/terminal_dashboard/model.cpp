#include "model.hpp"

#include <utility>

#include "text.hpp"

namespace dashboard {

namespace {

// As many columns as a very wide terminal has.
constexpr std::size_t kPrices = 512;

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
}

void Model::heartbeat(const tidewire::HeartbeatInfo& info) {
  roundTrip_ = info.roundTrip;
}

void Model::ticked(Tick tick, std::uint64_t skipped) {
  ++arrivals_;
  Series& series = series_[tick.symbol];
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

void Model::aged(const std::string& symbol, bool live, std::optional<std::chrono::milliseconds> age) {
  if (const auto found = series_.find(symbol); found != series_.end()) {
    found->second.live = live;
    found->second.age = age;
  }
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
