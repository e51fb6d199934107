// A loop or a thread that goes on later than it should.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "contract/test_client.hpp"
#include "support/clocks.hpp"
#include "support/raw_peer.hpp"
#include "support/ticker_server.hpp"
#include "tidewire/loop.hpp"
#include "turning.hpp"

using namespace std::chrono_literals;
using contract::TestClient;
using support::kPatience;
using support::RawPeer;
using support::turnUntil;
using tidewire::Client;
using tidewire::Loop;

namespace {

/// Counts how often the log tells of a wake-up, and that the peer is alive.
struct Seen {
  std::atomic<int> wakes = 0;
  std::atomic<int> heartbeats = 0;

  tidewire::Options options(const std::string& url) {
    return {.url = url,
            .heartbeat = {.interval = 0ms},  // Nothing is asked but after a wake-up.
            .log = {.level = tidewire::LogLevel::Debug, .sink = [this](const tidewire::LogRecord& record) {
                      wakes += record.text.find("the process stood still") != std::string_view::npos ? 1 : 0;
                    }}};
  }
  void watch(Client& client) {
    client.onHeartbeat([this](const tidewire::HeartbeatInfo&) { ++heartbeats; });
  }
};

}  // namespace

// The loop looks at its clocks every 5 s, and takes it for a wake-up if that comes more than 5 s late.
TEST_CASE("wake: a loop that was not turned for long sends heartbeats, one in use does not") {
  support::Clocks clocks;
  support::TickerServer server;
  Seen stood;
  Seen wentOn;
  const std::shared_ptr<Loop> loop = Loop::make();
  tidewire::Options options = stood.options(server.url("/echo"));
  options.loop = loop;
  Client client(std::move(options));
  Client other(wentOn.options(server.url("/echo")));
  stood.watch(client);
  wentOn.watch(other);
  client.connect();
  other.connect();
  turnUntil(*loop, [&] { return client.state() == tidewire::State::Open; });
  CHECK(other.waitOpen(kPatience) == tidewire::WaitResult::Reached);
  CHECK(stood.heartbeats == 0);

  clocks.goOnHere(10'500ms);
  turnUntil(*loop, [&] { return stood.heartbeats > 0; });
  CHECK(stood.wakes == 1);
  CHECK(wentOn.wakes == 0);
  CHECK(wentOn.heartbeats == 0);
  CHECK(client.stats().opens == 1);
}

TEST_CASE("heartbeat: a callback that holds the thread beyond the timeout ends no connection that is alive") {
  constexpr auto kTimeout = 800ms;
  RawPeer alive;
  RawPeer holding;
  TestClient asks({.url = alive.url(), .heartbeat = {.interval = 0ms, .timeout = kTimeout}});
  std::atomic<bool> held = false;
  std::atomic<bool> mayGoOn = false;
  TestClient holds({.url = holding.url(), .heartbeat = {.interval = 0ms}},
                   {.onMessage = [&](TestClient&, const contract::Log::Received&) {
                     held = true;
                     while (!mayGoOn) {
                       std::this_thread::yield();
                     }
                   }});
  asks.client().connect();
  const auto asked = alive.accept();
  asked->acceptWebSocket();
  holds.client().connect();
  const auto holder = holding.accept();
  holder->acceptWebSocket();
  asks.awaitOpens(1);
  holds.awaitOpens(1);

  asks.client().heartbeat();
  const support::ClientFrame probe = asked->readFrame();
  REQUIRE(probe.opcode == 9);
  holder->write(support::serverFrame(1, "hold"));
  contract::pumpUntil("the thread is held", [&] { return held.load(); });
  asked->write(support::serverFrame(10, probe.payload));
  support::Clocks().goOnEverywhere(kTimeout + 200ms);
  mayGoOn = true;
  asks.awaitHeartbeats(1);
  CHECK(asks.log().heartbeats[0].roundTrip > kTimeout);
  CHECK(asks.log().closes.empty());
}
