#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "any_thread.hpp"
#include "contract/test_client.hpp"
#include "support/raw_peer.hpp"
#include "tidewire/session.hpp"

using namespace std::chrono_literals;
using any_thread::Workers;
using contract::pumpUntil;
using support::RawPeer;
using tidewire::Callbacks;
using tidewire::Session;

namespace {

constexpr std::size_t kBound = 64 * 1024;
// Several times the bound. More takes the thread sanitizer minutes.
constexpr std::uint64_t kMany = 10'000;

/// One WebSocket message of so many messages of the protocol.
std::string joined(const std::function<std::string(std::uint64_t)>& each) {
  std::string all;
  for (std::uint64_t number = 1; number <= kMany; ++number) {
    all += (number == 1 ? "" : "\x1e") + each(number);
  }
  return all;
}

std::string errorOf(std::uint64_t number) {
  return R"({"op":"error","code":"c)" + std::to_string(number) + R"("})";
}

std::string eventOf(std::uint64_t number) {
  return R"({"op":"event","channel":"c","seq":)" + std::to_string(number) + "}";
}

/// Greets one client, answers its subscription, and sends one large message.
void serve(RawPeer& peer, const std::string& message) {
  const auto connection = peer.accept();
  connection->acceptWebSocket("Sec-WebSocket-Protocol: tidewire.v1\r\n");
  (void)connection->readFrame();  // hello, and the subscription behind it.
  connection->write(support::serverFrame(1, R"({"op":"welcome","v":1,"resumed":false,"now":1,"memory":"m"})"
                                            "\x1e"
                                            R"({"op":"subscribed","id":1,"epoch":"e","seq":0,"recovered":true})"));
  connection->write(support::serverFrame(1, message));
  (void)connection->readFrame();  // Until it has gone.
}

}  // namespace

TEST_CASE("session: one message of more than the delivery queue holds waits in it no more than the queue's bound") {
  for (const Callbacks callbacks : {Callbacks::Poll, Callbacks::Executor}) {
    for (const bool events : {true, false}) {
      CAPTURE(static_cast<int>(callbacks));
      CAPTURE(events);
      RawPeer peer;
      const std::string message = joined(events ? eventOf : errorOf);
      std::thread server([&] { serve(peer, message); });
      Workers workers;
      std::atomic<std::uint64_t> came = 0;
      std::atomic<std::uint64_t> wrong = 0;
      Session session({.url = peer.url(),
                       .heartbeat = {.interval = 0ms},
                       .callbacks = callbacks,
                       .executor = [&](std::function<void()> task) { workers.add(std::move(task)); },
                       .deliveryQueueBytes = kBound});
      session.onError([&](const tidewire::SessionError& error) { came += error.count; });
      const auto subscription = session.subscribe(
          "c", {.onEvent = [&](const tidewire::Event& event) { wrong += event.seq == ++came ? 0 : 1; }});
      session.connect();
      if (callbacks == Callbacks::Poll) {
        pumpUntil("full", [&] { return session.stats().deliveryBytes > kBound; });
      }
      std::size_t most = 0;
      pumpUntil("everything", [&] {
        most = std::max(most, session.stats().deliveryBytes);
        session.poll({.count = 1'000});
        return came == kMany;
      });
      CHECK(most < kBound + 1024);
      CHECK(wrong == 0);
      CHECK(session.state() == tidewire::State::Open);
      session.close();
      server.join();
    }
  }
}
