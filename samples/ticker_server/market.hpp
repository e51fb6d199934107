#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "price_source.hpp"

namespace ticker {

/// One price of one symbol, as every client sees it.
struct Tick {
  std::string symbol;
  double price = 0;
  double change = 0;      ///< Per cent, against the symbol's first price.
  std::uint64_t seq = 0;  ///< Grows by one with every tick of the symbol, from 1.
  std::int64_t ts = 0;    ///< Milliseconds since 1970, when the tick was made.
};

/// Told after each step of the market.
class MarketListener {
 public:
  virtual void marketStepped(double stepsPerSecond) = 0;

  /// Steps a second that this listener could make use of.
  [[nodiscard]] virtual double wantedRate() const = 0;

 protected:
  ~MarketListener() = default;
};

/// The newest tick of every symbol, and those who want to hear of it.
class Market {
 public:
  /// How often `step` shall be called.
  struct Speed {
    double stepsPerSecond = 20;
    /// A listener that wants more steps a second gets them, for as long as it listens.
    bool followListeners = true;
  };

  Market(std::unique_ptr<PriceSource> source, Speed speed);

  /// Makes one step: numbers the new prices, hands each tick's JSON to `log`, then tells the listeners.
  void step(std::int64_t ts, const std::function<void(std::string_view json)>& log);

  [[nodiscard]] double stepsPerSecond() const;
  [[nodiscard]] std::size_t symbolCount() const { return quotes_.size(); }
  [[nodiscard]] std::optional<std::size_t> indexOf(std::string_view symbol) const;
  [[nodiscard]] const std::string& symbol(std::size_t index) const { return source_->symbols()[index]; }
  /// When the last step was made.
  [[nodiscard]] std::int64_t ts() const { return ts_; }

  /// The symbol's newest tick as JSON; empty while it has none.
  [[nodiscard]] const std::string& json(std::size_t symbol) const { return quotes_[symbol].json; }
  [[nodiscard]] std::uint64_t seq(std::size_t symbol) const { return quotes_[symbol].seq; }

  /// A listener neither comes nor goes inside `marketStepped`.
  void add(MarketListener& listener) { listeners_.push_back(&listener); }
  void remove(MarketListener& listener) { std::erase(listeners_, &listener); }

 private:
  struct Quote {
    double firstPrice = 0;
    std::uint64_t seq = 0;
    std::string json;
  };

  std::unique_ptr<PriceSource> source_;
  Speed speed_;
  std::int64_t ts_ = 0;
  std::vector<Quote> quotes_;
  std::vector<MarketListener*> listeners_;
};

}  // namespace ticker
