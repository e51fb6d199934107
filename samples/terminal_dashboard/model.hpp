#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "tick.hpp"
#include "tidewire/events.hpp"

namespace dashboard {

using Time = std::chrono::steady_clock::time_point;

/// One symbol's newest tick and its last prices, the newest at the back.
struct Series {
  Tick newest;
  std::deque<double> prices;
};

/// Everything the screen shows, built from the client's events alone. Time comes as an argument.
class Model {
 public:
  explicit Model(Time now) : measuredAt_(now) {}

  void stateChanged(tidewire::State state);
  void opened(const tidewire::Opened& opened, Time now);
  void closed(const tidewire::CloseInfo& info, Time now);
  void heartbeat(const tidewire::HeartbeatInfo& info);
  void ticked(Tick tick);

  /// Renews the message rate once a second.
  void measure(Time now);

  [[nodiscard]] tidewire::State state() const { return state_; }
  [[nodiscard]] bool isOpen() const { return state_ == tidewire::State::Open; }
  [[nodiscard]] std::optional<std::chrono::microseconds> roundTrip() const { return roundTrip_; }
  [[nodiscard]] std::uint64_t reconnects() const { return reconnects_; }
  [[nodiscard]] double messagesPerSecond() const { return rate_; }
  [[nodiscard]] const std::map<std::string, Series>& series() const { return series_; }

  /// One sentence: what the connection is doing and why.
  [[nodiscard]] std::string describe(Time now) const;

 private:
  tidewire::State state_ = tidewire::State::Idle;
  std::string reason_;
  Time openedAt_;
  Time retryAt_;
  std::chrono::microseconds handshakeTime_{0};
  std::optional<std::chrono::microseconds> roundTrip_;
  std::uint64_t reconnects_ = 0;
  std::size_t arrivals_ = 0;
  double rate_ = 0;
  Time measuredAt_;
  std::map<std::string, Series> series_;
};

}  // namespace dashboard
