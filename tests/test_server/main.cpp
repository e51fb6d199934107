// A server of the protocol that a test drives: README.md.

#include <cstdlib>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "server.hpp"
#include "test_clock.hpp"
#include "test_site.hpp"

namespace {

using nlohmann::json;

constexpr double kAnyRate = 1e9;

test_server::TestSite::Settings siteSettings(const json& options) {
  test_server::TestSite::Settings settings;
  tidewire::server::Limits& limits = settings.hub.limits;
  limits.maxBodyBytes = limits.maxMessageBytes;
  limits.publishesPerSecond = kAnyRate;
  limits.maxRequests = options.value("requests", limits.maxRequests);
  limits.maxQueueBytes = options.value("maxQueueBytes", limits.maxQueueBytes);
  const std::string epoch = "t" + std::to_string(std::random_device{}());
  settings.hub.epoch = epoch;
  settings.application.epoch = epoch;
  settings.application.history.maxCount = options.value("history", settings.application.history.maxCount);
  const json tokens = options.value("tokens", json::object());
  for (const auto& [token, user] : tokens.items()) {
    settings.application.users.tokens.push_back({.user = user.get<std::string>(), .token = token});
  }
  settings.application.users.expired = options.value("expired", settings.application.users.expired);
  return settings;
}

test_server::TestClock::Settings clockSettings(const json& options) {
  test_server::TestClock::Settings settings;
  const json clock = options.value("clock", json::object());
  settings.ahead = clock.value("ahead", settings.ahead);
  if (clock.contains("at")) {
    settings.at = clock.at("at").get<std::int64_t>();
  }
  return settings;
}

void serve(const json& options) {
  test_server::TestClock clock(clockSettings(options));
  ticker::Server* running = nullptr;
  test_server::TestSite site(siteSettings(options), clock, [&running] { running->stop(); });
  ticker::Server server({.port = options.value("port", std::uint16_t{0}), .allowedOrigins = {"*"}}, site, clock);
  running = &server;
  std::cout << "listening on " << server.url() << std::endl;
  server.run();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    serve(json::parse(argc > 1 ? argv[1] : "{}"));
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::cerr << "test_server: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
