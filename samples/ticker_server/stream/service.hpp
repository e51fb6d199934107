#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "market.hpp"
#include "server/application.hpp"
#include "server/clock.hpp"
#include "server/hub.hpp"
#include "server/journal.hpp"
#include "server/memory_log.hpp"
#include "stream/ticker_feed.hpp"
#include "stream/users.hpp"

namespace ticker::stream {

/// `/stream`: the server half of "tidewire.v1" with the market's channels and methods, rooms, and users.
class Service final : private tidewire::server::Application {
 public:
  struct Settings {
    tidewire::server::Hub::Settings hub = {};
    Users::Settings users = {};
    tidewire::server::History history = {};
    std::size_t maxRooms = 100;
  };

  /// `market`, `clock` and `journal` outlive the service.
  Service(const Settings& settings, Market& market, const tidewire::server::Clock& clock,
          const tidewire::server::Journal& journal);

  [[nodiscard]] tidewire::server::Hub& hub() { return hub_; }

 private:
  tidewire::server::TokenVerdict check(const std::string& token) override;
  tidewire::server::OpenedChannel open(const std::string& channel, const tidewire::server::Session& session) override;
  tidewire::server::OpenedChannel openToPublish(const std::string& channel,
                                                const tidewire::server::Session& session) override;
  [[nodiscard]] bool isRoom(std::string_view channel) const override;
  void call(std::string_view method, std::string_view body,
            std::function<void(tidewire::server::Outcome)> done) override;

  Market& market_;
  const tidewire::server::Clock& clock_;
  Users users_;
  std::unique_ptr<tidewire::server::LogEngine> engine_;
  TickerFeed tickers_;
  tidewire::server::Hub hub_;
};

}  // namespace ticker::stream
