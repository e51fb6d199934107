#pragma once

#include <libwebsockets.h>

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "site.hpp"

namespace ticker {

class Market;
class TurnClock;

namespace stream {
class Service;
}

/// The endpoints of the ticker server: `/stream`, `/ticker`, `/echo` and `/close`. It also moves the market along.
class TickerSite final : public Site {
 public:
  /// What connections are served from.
  struct Backends {
    Market& market;
    stream::Service& stream;
    TurnClock& clock;
  };
  using TickLog = std::function<void(std::string_view json)>;

  /// What `backends` refers to outlives the site; `log` gets every tick.
  TickerSite(const Backends& backends, TickLog log);
  TickerSite(const TickerSite&) = delete;
  TickerSite& operator=(const TickerSite&) = delete;

  /// Makes the market's first step.
  void started(lws_context* context) override;
  void stopping() override;
  [[nodiscard]] std::optional<Subprotocol> subprotocolOf(std::string_view path) const override;
  std::unique_ptr<Connection> open(lws* socket, const Request& request) override;

 private:
  /// Leads from libwebsockets' timer back to the site.
  struct Timer {
    lws_sorted_usec_list_t entry{};  // First, so that its address is the timer's.
    TickerSite* site = nullptr;
  };

  static void stepTimerFired(lws_sorted_usec_list_t* entry);
  void stepMarket();

  Backends backends_;
  TickLog log_;
  lws_context* context_ = nullptr;
  Timer stepTimer_;
  lws_usec_t nextStep_ = 0;
};

}  // namespace ticker
