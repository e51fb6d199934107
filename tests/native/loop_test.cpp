#include "tidewire/loop.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "contract/world.hpp"
#include "support/raw_peer.hpp"
#include "tidewire/client.hpp"
#include "turning.hpp"

using namespace std::chrono_literals;
using contract::world;
using support::kPatience;
using support::turnUntil;
using tidewire::Client;
using tidewire::Loop;
using tidewire::State;
using tidewire::WaitResult;

namespace {

tidewire::Options optionsOn(const std::shared_ptr<Loop>& loop, std::string_view path = "/echo") {
  return {.url = world().url(path),
          .heartbeat = {.interval = 0ms},
          .reconnect = {.firstDelay = 10ms, .maxDelay = 50ms},
          .loop = loop};
}

}  // namespace

TEST_CASE("loop: its clients run on the thread that turns it, and nowhere else") {
  world().reset();
  const std::shared_ptr<Loop> loop = Loop::make();
  REQUIRE(loop != nullptr);
  Client client(optionsOn(loop));
  const std::thread::id here = std::this_thread::get_id();
  int elsewhere = 0;
  std::string echoed;
  client.onOpen([&](const tidewire::Opened&) { elsewhere += std::this_thread::get_id() == here ? 0 : 1; });
  client.onMessage([&](const tidewire::Message& message) {
    elsewhere += std::this_thread::get_id() == here ? 0 : 1;
    echoed = message.text();
  });
  client.connect();
  CHECK(client.send("turned by hand") == tidewire::SendResult::Queued);
  CHECK(client.state() == State::Idle);
  turnUntil(*loop, [&] { return !echoed.empty(); });
  CHECK(echoed == "turned by hand");
  CHECK(elsewhere == 0);
  CHECK(client.waitOpen(1s) == WaitResult::Unsupported);
}

TEST_CASE("loop: a turn without a timeout returns at once, and wake() ends one that waits") {
  const std::shared_ptr<Loop> loop = Loop::make();
  loop->turn();
  std::thread waker([&] { loop->wake(); });
  const auto began = std::chrono::steady_clock::now();
  loop->turn(std::chrono::duration_cast<std::chrono::milliseconds>(kPatience));
  CHECK(std::chrono::steady_clock::now() - began < kPatience);
  waker.join();
}

TEST_CASE("loop: two of them do not know of each other") {
  world().reset();
  const std::shared_ptr<Loop> first = Loop::make();
  const std::shared_ptr<Loop> second = Loop::make();
  Client one(optionsOn(first));
  Client two(optionsOn(second));
  one.connect();
  two.connect();
  turnUntil(*first, [&] { return one.state() == State::Open; });
  CHECK(two.state() == State::Idle);
  turnUntil(*second, [&] { return two.state() == State::Open; });
}

TEST_CASE("loop: a client may outlive it, and then does nothing") {
  world().reset();
  std::shared_ptr<Loop> loop = Loop::make();
  Client client(optionsOn(loop));
  int closes = 0;
  client.onClose([&](const tidewire::CloseInfo&) { ++closes; });
  client.connect();
  turnUntil(*loop, [&] { return client.state() == State::Open; });
  loop.reset();
  CHECK(client.state() == State::Closed);
  CHECK(client.send("nowhere") == tidewire::SendResult::Closed);
  CHECK(closes == 0);
}

TEST_CASE("loop: when it goes, the peers of the clients that are left see the end") {
  support::RawPeer peer;
  std::shared_ptr<Loop> loop = Loop::make();
  Client client({.url = peer.url(), .heartbeat = {.interval = 0ms}, .loop = loop});
  std::unique_ptr<support::RawConnection> connection;
  std::thread server([&] {
    connection = peer.accept();
    connection->acceptWebSocket();
  });
  client.connect();
  turnUntil(*loop, [&] { return client.state() == State::Open; });
  server.join();
  loop.reset();
  CHECK(connection->atEnd());
  CHECK(client.state() == State::Closed);
}

TEST_CASE("loop: when it goes, the peer of a client that still connects sees the end too") {
  support::RawPeer peer;
  std::shared_ptr<Loop> loop = Loop::make();
  Client client({.url = peer.url(), .heartbeat = {.interval = 0ms}, .loop = loop});
  std::unique_ptr<support::RawConnection> connection;
  std::atomic<bool> asked = false;
  std::thread server([&] {
    connection = peer.accept();
    CHECK_FALSE(connection->readRequest().empty());
    asked = true;
  });
  client.connect();
  turnUntil(*loop, [&] { return asked.load(); });
  server.join();
  loop.reset();
  CHECK(connection->atEnd());
}

TEST_CASE("loop: it may go while a client connects, and before its first turn") {
  world().reset();
  for (const int turns : {0, 1, 2}) {
    std::shared_ptr<Loop> loop = Loop::make();
    Client client(optionsOn(loop));
    client.connect();
    for (int i = 0; i < turns; ++i) {
      loop->turn();
    }
    loop.reset();
  }
}

TEST_CASE("loop: a client that is destroyed in its own callback goes at the next turn") {
  world().reset();
  const std::shared_ptr<Loop> loop = Loop::make();
  auto client = std::make_unique<Client>(optionsOn(loop));
  client->onOpen([&](const tidewire::Opened&) { client.reset(); });
  client->connect();
  turnUntil(*loop, [&] { return client == nullptr; });
  loop->turn();
}

TEST_CASE("loop: a connection that is cut raises no SIGPIPE on the application's thread") {
  struct sigaction before {};
  sigaction(SIGPIPE, nullptr, &before);
  const bool wasDefault = before.sa_handler == SIG_DFL;
  CHECK(wasDefault);
  support::RawPeer peer;
  const std::shared_ptr<Loop> loop = Loop::make();
  Client client({.url = peer.url(), .heartbeat = {.interval = 0ms}, .reconnect = {.enabled = false}, .loop = loop});
  std::thread server([&] {
    const auto connection = peer.accept();
    connection->acceptWebSocket();
    connection->reset();
  });
  bool closed = false;
  client.onClose([&](const tidewire::CloseInfo&) { closed = true; });
  client.connect();
  const std::string message(1024 * 1024, 'x');
  turnUntil(*loop, [&] {
    (void)client.send(message);
    return closed;
  });
  server.join();
  struct sigaction after {};
  sigaction(SIGPIPE, nullptr, &after);
  const bool isDefault = after.sa_handler == SIG_DFL;
  CHECK(isDefault);
}

TEST_CASE("wait: open and closed can be waited for") {
  world().reset();
  std::atomic<bool> opened = false;
  Client client({.url = world().url("/echo"), .heartbeat = {.interval = 0ms}});
  client.onOpen([&](const tidewire::Opened&) { opened = true; });
  CHECK(client.waitOpen(0ms) == WaitResult::Closed);
  CHECK(client.waitClosed(0ms) == WaitResult::Reached);
  client.connect();
  CHECK(client.waitClosed(0ms) == WaitResult::TimedOut);
  CHECK(client.waitOpen(kPatience) == WaitResult::Reached);
  CHECK(opened);
  CHECK(client.state() == State::Open);
  client.close();
  CHECK(client.waitClosed(kPatience) == WaitResult::Reached);
  CHECK(client.state() == State::Closed);
  CHECK(client.waitOpen(kPatience) == WaitResult::Closed);
}

TEST_CASE("wait: it gives up after its time, and when the client gives up") {
  support::RawPeer silent;
  Client waits({.url = silent.url(), .heartbeat = {.interval = 0ms}});
  waits.connect();
  CHECK(waits.waitOpen(50ms) == WaitResult::TimedOut);

  world().reset();
  world().killServer();
  Client fails({.url = world().url("/echo"), .reconnect = {.enabled = false}});
  fails.connect();
  CHECK(fails.waitOpen(std::chrono::milliseconds::max()) == WaitResult::Closed);
}

TEST_CASE("wait: not inside a callback, which would wait for itself") {
  world().reset();
  for (const tidewire::Callbacks callbacks : {tidewire::Callbacks::Automatic, tidewire::Callbacks::Poll}) {
    Client client({.url = world().url("/echo"), .heartbeat = {.interval = 0ms}, .callbacks = callbacks});
    std::atomic<int> refused = 0;
    client.onOpen([&](const tidewire::Opened&) {
      refused += client.waitOpen(kPatience) == WaitResult::WrongThread ? 1 : 0;
      refused += client.waitClosed(kPatience) == WaitResult::WrongThread ? 1 : 0;
    });
    client.connect();
    CHECK(client.waitOpen(kPatience) == WaitResult::Reached);
    (void)client.poll();
    CHECK(refused == 2);
  }
}
