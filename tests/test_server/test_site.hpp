#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "application.hpp"
#include "server/hub.hpp"
#include "server/journal.hpp"
#include "site.hpp"
#include "test_clock.hpp"

namespace test_server {

class ControlConnection;
class TestConnection;

/// The server half of the protocol on every path but `/control`, where the test receives events and sends commands.
class TestSite final : public ticker::Site {
 public:
  struct Settings {
    tidewire::server::Hub::Settings hub = {};
    Application::Settings application = {};
  };
  /// `clock` outlives the site. `stop` is called when the test has gone.
  TestSite(const Settings& settings, TestClock& clock, std::function<void()> stop);
  TestSite(const TestSite&) = delete;
  TestSite& operator=(const TestSite&) = delete;

  void started(lws_context* /*context*/) override {}
  void stopping() override { stopping_ = true; }
  [[nodiscard]] std::optional<ticker::Subprotocol> subprotocolOf(std::string_view path) const override;
  std::unique_ptr<ticker::Connection> open(lws* socket, const ticker::Request& request) override;

 private:
  using Json = nlohmann::json;

  std::unique_ptr<ticker::Connection> openControl(lws* socket);
  std::unique_ptr<ticker::Connection> openClient(lws* socket);
  /// Sends the test an event or a reply, in order.
  void report(const Json& head, std::string_view body = {});

  /// Performs a command of the test, and reports the reply.
  void command(std::string_view message);
  Json perform(const Json& head, const std::string& body);
  Json publish(const Json& head, const std::string& body);
  Json reportContents(const Json& head);
  void answer(const Json& head, const std::string& body);
  TestConnection& connection(const Json& head);

  TestClock& clock_;
  std::function<void()> stop_;
  bool stopping_ = false;
  tidewire::server::Journal journal_;
  Application application_;
  tidewire::server::Hub hub_;
  std::map<std::uint64_t, TestConnection*> connections_;
  std::uint64_t connectionCount_ = 0;
  std::deque<std::string> reports_;  // Clients may come before the test does.
  ControlConnection* control_ = nullptr;
};

}  // namespace test_server
