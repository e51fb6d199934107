#include "tidewire/loop.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tidewire/client.hpp"

// A loop of the application's own, the real one: what does not need a peer.
namespace tidewire {
namespace {

using namespace std::chrono_literals;

/// A port of loopback where nobody listens: bound, so that nobody else will.
class DeafPort {
 public:
  DeafPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    url_ = "ws://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
  }
  ~DeafPort() { ::close(socket_); }
  DeafPort(const DeafPort&) = delete;
  DeafPort& operator=(const DeafPort&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  int socket_;
  std::string url_;
};

Options onLoop(const std::shared_ptr<Loop>& loop, const DeafPort& port) {
  return {.url = port.url(), .reconnect = {.enabled = false}, .loop = loop};
}

/// Turns until `holds`; a loop that never gets there fails the test.
template <class Condition>
void turnUntil(Loop& loop, Condition holds) {
  for (int i = 0; i < 1000 && !holds(); ++i) {
    loop.turn(10s);
  }
  CHECK(holds());
}

}  // namespace

TEST_CASE("loop: a client does nothing until its loop is turned, and its callbacks run inside turn()") {
  const DeafPort port;
  const std::shared_ptr<Loop> loop = Loop::make();
  REQUIRE(loop != nullptr);
  Client client(onLoop(loop, port));
  std::vector<CloseInfo> closes;
  std::thread::id where;
  client.onClose([&](const CloseInfo& info) {
    closes.push_back(info);
    where = std::this_thread::get_id();
  });
  CHECK(client.connect() == ConnectResult::Started);
  CHECK(client.state() == State::Idle);
  turnUntil(*loop, [&] { return !closes.empty(); });
  CHECK(where == std::this_thread::get_id());
  REQUIRE(closes.size() == 1);
  CHECK(closes[0].cause == CloseCause::ConnectFailed);
  CHECK(client.state() == State::Closed);
  CHECK(client.stats().endings(CloseCause::ConnectFailed) == 1);
}

TEST_CASE("loop: turn() without a timeout handles what is due and returns") {
  const DeafPort port;
  const std::shared_ptr<Loop> loop = Loop::make();
  loop->turn();
  Client client(onLoop(loop, port));
  CHECK(client.connect() == ConnectResult::Started);
  loop->turn();
  CHECK(client.state() != State::Idle);
}

TEST_CASE("loop: a turn that waits ends by its time, or when another thread wakes it") {
  const std::shared_ptr<Loop> loop = Loop::make();
  loop->turn(1ms);
  std::thread waker([&] { loop->wake(); });
  loop->turn(1h);
  waker.join();
}

TEST_CASE("loop: another thread's post makes a waiting turn return") {
  const DeafPort port;
  const std::shared_ptr<Loop> loop = Loop::make();
  Client client(onLoop(loop, port));
  std::thread caller([&] { CHECK(client.connect() == ConnectResult::Started); });
  turnUntil(*loop, [&] { return client.state() == State::Closed; });
  caller.join();
}

TEST_CASE("loop: clients of one loop are served together") {
  const DeafPort port;
  const std::shared_ptr<Loop> loop = Loop::make();
  std::vector<std::unique_ptr<Client>> clients;
  std::size_t closed = 0;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(std::make_unique<Client>(onLoop(loop, port)));
    clients.back()->onClose([&](const CloseInfo&) { ++closed; });
    CHECK(clients.back()->connect() == ConnectResult::Started);
  }
  turnUntil(*loop, [&] { return closed == clients.size(); });
}

TEST_CASE("loop: waitOpen and waitClosed are unsupported on a loop of the application") {
  const DeafPort port;
  const Client client(onLoop(Loop::make(), port));
  CHECK(client.waitOpen(1h) == WaitResult::Unsupported);
  CHECK(client.waitClosed(1h) == WaitResult::Unsupported);
}

TEST_CASE("loop: it may go before its clients, whatever they are doing, and they hear nothing more") {
  const DeafPort port;
  std::shared_ptr<Loop> loop = Loop::make();
  const std::weak_ptr<Loop> watched = loop;
  Client idle(onLoop(loop, port));
  Client posted(onLoop(loop, port));
  Client connecting(onLoop(loop, port));
  Client over(onLoop(loop, port));
  int events = 0;
  for (Client* const client : {&idle, &posted, &connecting, &over}) {
    client->onStateChange([&](const StateChange&) { ++events; });
  }
  CHECK(over.connect() == ConnectResult::Started);
  turnUntil(*loop, [&] { return over.state() == State::Closed; });
  CHECK(connecting.connect() == ConnectResult::Started);
  loop->turn();
  CHECK(posted.connect() == ConnectResult::Started);
  const int before = events;
  loop.reset();
  CHECK(watched.expired());
  CHECK(events == before);
  CHECK(connecting.state() == State::Closed);
  CHECK(connecting.send("late") == SendResult::Closed);
  for (Client* const client : {&idle, &posted, &connecting, &over}) {
    client->connect();
    client->heartbeat();
    client->reconnect();
    client->pause();
    client->close();
  }
  CHECK(events == before);
}

TEST_CASE("loop: clients may go before it, with or without a further turn") {
  const DeafPort port;
  for (const bool turned : {true, false}) {
    const std::shared_ptr<Loop> loop = Loop::make();
    {
      Client idle(onLoop(loop, port));
      Client posted(onLoop(loop, port));
      Client connecting(onLoop(loop, port));
      CHECK(connecting.connect() == ConnectResult::Started);
      loop->turn();
      CHECK(posted.connect() == ConnectResult::Started);
    }
    if (turned) {
      loop->turn();
    }
  }
}

TEST_CASE("loop: a client and its loop may be forgotten together") {
  // It is the address sanitizer that finds a leak here.
  const DeafPort port;
  std::shared_ptr<Loop> loop = Loop::make();
  auto client = std::make_unique<Client>(onLoop(loop, port));
  CHECK(client->connect() == ConnectResult::Started);
  loop->turn();
  SUBCASE("the loop first") {
    loop.reset();
    client.reset();
  }
  SUBCASE("the client first") {
    client.reset();
    loop.reset();
  }
}

TEST_CASE("loop: a client may be destroyed in its own callback inside turn()") {
  const DeafPort port;
  const std::shared_ptr<Loop> loop = Loop::make();
  std::optional<Client> client(onLoop(loop, port));
  client->onClose([&](const CloseInfo&) { client.reset(); });
  CHECK(client->connect() == ConnectResult::Started);
  turnUntil(*loop, [&] { return !client.has_value(); });
  loop->turn();
}

}  // namespace tidewire
