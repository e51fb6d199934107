#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "connection.hpp"
#include "market.hpp"

namespace ticker {

/// Pushes the newest tick of each chosen symbol at the client's own rate. A tick that has been overtaken is never sent,
/// so nothing piles up for a client that reads slowly.
class TickerConnection final : public Connection, private MarketListener {
 public:
  /// `rate` is in ticks a second for each symbol.
  TickerConnection(lws* socket, Market& market, const std::vector<std::size_t>& symbols, double rate);
  ~TickerConnection() override;

  void received(const Piece& piece) override;

 protected:
  bool writeNext() override;

 private:
  struct Subscription {
    std::size_t symbol = 0;
    std::uint64_t sentSeq = 0;
    bool due = true;
  };

  void marketStepped(double stepsPerSecond) override;
  [[nodiscard]] double wantedRate() const override { return rate_; }
  Subscription* nextDue();
  void sendText(std::string_view text);

  Market& market_;
  double rate_;
  double credit_ = 0;  // At 1, a tick of each symbol is due.
  std::vector<Subscription> subscriptions_;
  std::size_t turn_ = 0;  // Whose tick is looked at first, so that a slow client gets all symbols alike.
  std::string received_;  // As much of the incoming message as it takes to tell a ping.
  std::uint64_t owedPongs_ = 0;
};

}  // namespace ticker
