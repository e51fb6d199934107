#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "support/ticker_server.hpp"
#include "tidewire/session.hpp"

using namespace std::chrono_literals;
using tidewire::Session;
using tidewire::SessionOptions;

namespace {

constexpr auto kPatience = 30s;

template <class Holds>
void waitUntil(Holds holds) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!holds()) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::yield();
  }
}

}  // namespace

// The server closes with 4006 whoever has said nothing for twice its heartbeat.
TEST_CASE("session: while it reads nothing, because nobody polls, it goes on asking") {
  support::TickerServer server({"--heartbeat", "500", "--publish-rate", "1000000"});
  SessionOptions options{.url = server.url("/stream"), .callbacks = tidewire::Callbacks::Poll};
  options.deliveryQueueBytes = 64 * 1024;
  Session unpolled(options);
  options.callbacks = tidewire::Callbacks::Automatic;
  Session busy(options);

  int events = 0;
  int closes = 0;
  int heartbeats = 0;
  unpolled.onClose([&](const tidewire::CloseInfo&) { ++closes; });
  unpolled.onHeartbeat([&](const tidewire::HeartbeatInfo&) { ++heartbeats; });
  const tidewire::Subscription subscription =
      unpolled.subscribe("chat/c", {.onEvent = [&](const tidewire::Event&) { ++events; }});
  unpolled.connect();
  waitUntil([&] { return unpolled.poll(), subscription.isLive(); });

  std::atomic<int> beats = 0;
  std::atomic<int> closesOfBusy = 0;
  busy.onHeartbeat([&](const tidewire::HeartbeatInfo&) { ++beats; });
  busy.onClose([&](const tidewire::CloseInfo&) { ++closesOfBusy; });
  busy.connect();
  constexpr int kEvents = 20;
  for (int i = 0; i < kEvents; ++i) {
    CHECK(busy.publish("chat/c", std::string(10'000, 'x')) == tidewire::CallResult::Queued);
  }
  waitUntil([&] { return unpolled.stats().deliveryBytes >= options.deliveryQueueBytes; });
  const int before = beats;
  waitUntil([&] { return beats >= before + 4; });
  CHECK(closesOfBusy == 0);

  heartbeats = 0;
  waitUntil([&] { return unpolled.poll(), events == kEvents && heartbeats > 0; });
  CHECK(closes == 0);
  CHECK(unpolled.stats().attempts == 1);
}
