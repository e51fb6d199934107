#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "sparkline.hpp"
#include "tick.hpp"
#include "tidewire/events.hpp"

namespace dashboard {

using Time = std::chrono::steady_clock::time_point;

/// One symbol: its newest tick and its last prices, the newest at the back, how far they may be trusted, and what is
/// missing between them.
struct Series {
  Tick newest;
  Prices prices;
  bool live = false;  ///< The subscription is, and the price no older than prices usually get.
  std::optional<std::chrono::milliseconds> age;
  std::optional<Time> arrivedAt;             ///< Of the newest one, in this connection.
  std::chrono::nanoseconds usualDistance{};  ///< Between two of them.
  std::uint64_t skipped = 0;
  std::uint64_t gaps = 0;
  std::string refusal;  ///< Why there are no prices.
};

/// Everything the screen shows, built from the session's events alone. Time comes as an argument.
class Model {
 public:
  explicit Model(Time now) : measuredAt_(now) {}

  void stateChanged(tidewire::State state);
  void opened(const tidewire::Opened& opened, Time now);
  void closed(const tidewire::CloseInfo& info, Time now);
  void heartbeat(const tidewire::HeartbeatInfo& info);
  void ticked(Tick tick, std::uint64_t skipped, Time now);
  void missed(const std::string& symbol);
  /// Nothing comes of `symbol`, or, if that is empty, of what was asked of the server.
  void refused(const std::string& symbol, const std::string& why);
  /// Judges the newest price of `symbol`: stale once it is older than twice the usual distance, and at least a second.
  void aged(const std::string& symbol, bool live, std::optional<std::chrono::milliseconds> age, Time now);

  /// Renews the rate of prices once a second.
  void measure(Time now);

  [[nodiscard]] tidewire::State state() const { return state_; }
  [[nodiscard]] bool isOpen() const { return state_ == tidewire::State::Open; }
  [[nodiscard]] std::optional<std::chrono::microseconds> roundTrip() const { return roundTrip_; }
  [[nodiscard]] std::uint64_t reconnects() const { return reconnects_; }
  [[nodiscard]] double pricesPerSecond() const { return rate_; }
  [[nodiscard]] const std::map<std::string, Series>& series() const { return series_; }

  /// One sentence: what the connection is doing and why.
  [[nodiscard]] std::string describe(Time now) const;
  /// The connection is open, and every price is stale: the server may hang.
  [[nodiscard]] bool isQuiet() const;

 private:
  tidewire::State state_ = tidewire::State::Idle;
  std::string reason_;
  std::string refusal_;
  Time openedAt_;
  Time retryAt_;
  Time lastArrival_;
  std::chrono::microseconds handshakeTime_{0};
  std::optional<std::chrono::microseconds> roundTrip_;
  std::uint64_t reconnects_ = 0;
  std::size_t arrivals_ = 0;
  double rate_ = 0;
  Time measuredAt_;
  std::map<std::string, Series> series_;
};

}  // namespace dashboard
