#include <doctest/doctest.h>

#include <atomic>
#include <string>

#include "contract/test_client.hpp"
#include "support/ticker_server.hpp"
#include "tidewire/session.hpp"

using contract::pumpUntil;
using tidewire::Session;

// The server closes with 4006 whoever has said nothing for twice its heartbeat.
TEST_CASE("session: it goes on sending pings while it is not polled and reads nothing") {
  support::TickerServer server({"--heartbeat", "1000", "--publish-rate", "1000000"});
  tidewire::Options options{.url = server.url("/stream"), .callbacks = tidewire::Callbacks::Poll};
  options.deliveryQueueBytes = 64 * 1024;
  int events = 0;
  int closes = 0;
  int heartbeats = 0;
  Session unpolled(options);
  unpolled.onClose([&](const tidewire::CloseInfo&) { ++closes; });
  unpolled.onHeartbeat([&](const tidewire::HeartbeatInfo&) { ++heartbeats; });
  const tidewire::Subscription subscription =
      unpolled.subscribe("chat/c", {.onEvent = [&](const tidewire::Event&) { ++events; }});
  unpolled.connect();
  pumpUntil("subscribed", [&] { return unpolled.poll(), subscription.isLive(); });

  std::atomic<int> beats = 0;
  std::atomic<int> closesOfBusy = 0;
  options.callbacks = tidewire::Callbacks::Automatic;
  Session busy(options);
  busy.onHeartbeat([&](const tidewire::HeartbeatInfo&) { ++beats; });
  busy.onClose([&](const tidewire::CloseInfo&) { ++closesOfBusy; });
  busy.connect();
  constexpr int kEvents = 20;
  for (int i = 0; i < kEvents; ++i) {
    CHECK(busy.publish("chat/c", std::string(10'000, 'x')) == tidewire::CallResult::Queued);
  }
  pumpUntil("full", [&] { return unpolled.stats().deliveryBytes >= options.deliveryQueueBytes; });
  const int before = beats;
  pumpUntil("three heartbeats", [&] { return beats >= before + 3; });
  CHECK(closesOfBusy == 0);

  heartbeats = 0;
  pumpUntil("everything", [&] { return unpolled.poll(), events == kEvents && heartbeats > 0; });
  CHECK(closes == 0);
  CHECK(unpolled.stats().attempts == 1);
}
