#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "market.hpp"
#include "stream/channel_log.hpp"
#include "stream/clock.hpp"
#include "stream/journal.hpp"
#include "stream/memory_log.hpp"
#include "stream/sessions.hpp"
#include "stream/ticker_feed.hpp"
#include "stream/users.hpp"

namespace ticker::stream {

/// What each client may do, and how much of it.
struct Limits {
  std::int64_t heartbeatMs = 25'000;  ///< 0: clients need not ask, and silent ones are kept.
  std::int64_t helloWithinMs = 10'000;
  std::size_t maxMessageBytes = 1'048'576;
  std::size_t maxBodyBytes = 65'536;  ///< Of a publish.
  std::size_t maxSubscriptions = 100;
  std::size_t maxRooms = 25;              ///< Among them.
  std::size_t maxQueueBytes = 1'048'576;  ///< Of events that wait, and of answers that do.
  double publishesPerSecond = 1000;       ///< On average; twice as many at once.
  std::int64_t batchDelayMs = 0;          ///< What waits for a client waits so long for more, to leave with it.
};

/// What all clients of `/stream` share.
class Hub {
 public:
  struct Settings {
    Limits limits = {};
    Users::Settings users = {};
    Sessions::Settings sessions = {};
    History history = {};
    std::size_t maxRooms = 100;
    std::string epoch;  ///< One that no other process had; channels add to it.
  };

  /// `market` and `journal` outlive the hub.
  Hub(const Settings& settings, Market& market, Clock clock, Journal& journal);

  /// Why a channel is not there, as the code of an error.
  struct Opened {
    std::shared_ptr<ChannelLog> log = {};
    const char* refusal = nullptr;
  };
  /// The channel, to listen to. `maker` is the session that asks for it.
  Opened open(const std::string& channel, const Session& maker);
  /// The channel, to publish in.
  Opened openToPublish(const std::string& channel, const Session& maker);
  /// Whether clients make it by using it.
  [[nodiscard]] static bool isRoom(std::string_view channel);

  [[nodiscard]] const Limits& limits() const { return limits_; }
  [[nodiscard]] const Market& market() const { return market_; }
  [[nodiscard]] std::int64_t wallTime() const { return clock_.wall(); }
  [[nodiscard]] std::int64_t steadyTime() const { return clock_.steady(); }
  [[nodiscard]] const Journal& journal() const { return journal_; }
  Users& users() { return users_; }
  Sessions& sessions() { return sessions_; }
  TickerFeed& tickers() { return tickers_; }

 private:
  Limits limits_;
  Market& market_;
  Clock clock_;
  Journal& journal_;
  Users users_;
  Sessions sessions_;
  std::unique_ptr<LogEngine> engine_;
  TickerFeed tickers_;
};

}  // namespace ticker::stream
