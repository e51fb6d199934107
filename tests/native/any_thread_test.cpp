#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "any_thread.hpp"
#include "contract/world.hpp"
#include "tidewire/client.hpp"

using namespace std::chrono_literals;
using any_thread::callAround;
using any_thread::kPatience;
using any_thread::pollUntil;
using any_thread::Turnstile;
using any_thread::Workers;
using contract::world;
using tidewire::Callbacks;
using tidewire::Client;
using tidewire::State;
using tidewire::WaitResult;

namespace {

using ClientCall = std::function<void(Client&, Turnstile&)>;

/// Each member of a client that any thread may call.
const std::vector<ClientCall>& clientCalls() {
  static constexpr std::array<std::byte, 300> kBinary{};
  static const std::vector<ClientCall> all = {
      [](Client& client, Turnstile&) { client.connect(); },
      [](Client& client, Turnstile&) { client.close(1000, "for now"); },
      [](Client& client, Turnstile&) { client.reconnect(); },
      [](Client& client, Turnstile&) { client.heartbeat(); },
      [](Client& client, Turnstile&) { (void)client.send("a text"); },
      [](Client& client, Turnstile&) {
        (void)client.send("at once or never", {.whenNotOpen = tidewire::WhenNotOpen::Refuse});
      },
      [](Client& client, Turnstile&) { (void)client.sendBinary(std::span(kBinary)); },
      [](Client& client, Turnstile&) { client.pause(); },
      [](Client& client, Turnstile&) { client.resume(); },
      [](Client& client, Turnstile&) { (void)client.poll({.count = 3}); },
      [](Client& client, Turnstile&) { (void)client.state(); },
      [](Client& client, Turnstile&) { (void)client.stats(); },
      [](Client& client, Turnstile&) { (void)client.bufferedAmount(); },
      [](Client& client, Turnstile&) { (void)client.flightRecord(); },
      [](Client& client, Turnstile&) { (void)client.connectFault(); },
      [](Client& client, Turnstile&) { (void)client.waitOpen(1ms); },
      [](Client& client, Turnstile&) { (void)client.waitClosed(1ms); },
      [](Client& client, Turnstile& turns) { client.onOpen([&](const tidewire::Opened&) { turns.pass(); }); },
      [](Client& client, Turnstile& turns) { client.onMessage([&](const tidewire::Message&) { turns.pass(); }); },
      [](Client& client, Turnstile& turns) { client.onClose([&](const tidewire::CloseInfo&) { turns.pass(); }); },
      [](Client& client, Turnstile& turns) {
        client.onStateChange([&](const tidewire::StateChange&) { turns.pass(); });
      },
      [](Client& client, Turnstile& turns) {
        client.onHeartbeat([&](const tidewire::HeartbeatInfo&) { turns.pass(); });
      },
      [](Client& client, Turnstile& turns) { client.onDropped([&](const tidewire::Dropped&) { turns.pass(); }); },
      [](Client& client, Turnstile& turns) { client.onDrain([&](const tidewire::Drained&) { turns.pass(); }); },
      [](Client& client, Turnstile&) { client.onMessage(nullptr); },
      [](Client& client, Turnstile&) { client.onDrain(nullptr); },
  };
  return all;
}

/// The client still does what it is told.
void checkUsable(Client& client) {
  std::atomic<bool> echoed = false;
  std::atomic<int> closes = 0;
  client.onOpen(nullptr);
  client.onStateChange(nullptr);
  client.onHeartbeat(nullptr);
  client.onDropped(nullptr);
  client.onDrain(nullptr);
  client.onMessage([&](const tidewire::Message& message) { echoed = echoed || message.text() == "the last"; });
  client.onClose([&](const tidewire::CloseInfo& info) { closes += info.willRetry ? 0 : 1; });
  client.resume();
  client.connect();
  CHECK(client.send("the last") == tidewire::SendResult::Queued);
  pollUntil(client, [&] { return echoed.load(); });
  const int before = closes;
  CHECK(client.close() == tidewire::CloseResult::Accepted);
  pollUntil(client, [&] { return closes == before + 1; });
  CHECK(client.waitClosed(kPatience) == WaitResult::Reached);
  CHECK(client.state() == State::Closed);
  client.onMessage(nullptr);
  client.onClose(nullptr);
}

void checkSums(const tidewire::Stats& stats) {
  const auto sum = [](const auto& numbers) {
    return std::accumulate(numbers.begin(), numbers.end(), std::uint64_t{0});
  };
  CHECK(stats.attempts == sum(stats.endingsByCause));
  CHECK(stats.reconnects == sum(stats.reconnectsByCause));
  CHECK(stats.opens > 0);
  CHECK(stats.queuedMessages == 0);
  CHECK(stats.bufferedBytes == 0);
}

}  // namespace

TEST_CASE("threads: every member may be called on any thread at any time, and callbacks never overlap" *
          doctest::skip()) {
  for (const Callbacks callbacks : {Callbacks::Automatic, Callbacks::Poll, Callbacks::Executor}) {
    CAPTURE(static_cast<int>(callbacks));
    world().reset();
    Turnstile turns;
    Workers workers;
    Client client({.url = world().url("/echo"),
                   .closeTimeout = 20ms,  // While it is paused, no Close frame is read.
                   .heartbeat = {.interval = 5ms},
                   .reconnect = {.firstDelay = 1ms, .maxDelay = 5ms},
                   .callbacks = callbacks,
                   .executor = [&](std::function<void()> task) { workers.add(std::move(task)); }});
    REQUIRE(callAround<ClientCall>(clientCalls(), [&](const ClientCall& call) { call(client, turns); }));
    checkUsable(client);
    checkSums(client.stats());
    CHECK(turns.overlaps() == 0);
    CHECK(turns.passed() > 0);
  }
}
