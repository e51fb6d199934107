#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "contract/test_client.hpp"
#include "support/names.hpp"
#include "support/raw_peer.hpp"
#include "support/ticker_server.hpp"

using namespace std::chrono_literals;
using contract::TestClient;
using tidewire::SendResult;

namespace {

std::size_t threadCount() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

std::size_t openDescriptors() {
  const std::filesystem::directory_iterator descriptors("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(descriptors), end(descriptors)));
}

/// Listens, but has no room for another connection: the kernel leaves whoever asks for one without an answer.
class FullPeer {
 public:
  FullPeer() {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    // A backlog of none holds one.
    REQUIRE(bind(listener_, generic(), size) == 0);
    REQUIRE(listen(listener_, 0) == 0);
    REQUIRE(getsockname(listener_, generic(), &size) == 0);
    REQUIRE(connect(first_, generic(), size) == 0);
  }
  ~FullPeer() {
    close(first_);
    close(listener_);
  }
  FullPeer(const FullPeer&) = delete;
  FullPeer& operator=(const FullPeer&) = delete;

  [[nodiscard]] std::string url() const { return "ws://127.0.0.1:" + std::to_string(ntohs(address_.sin_port)) + "/"; }
  /// How many connections came about, without the one that fills it.
  [[nodiscard]] int others() {
    int accepted = 0;
    for (int socket = -1; (socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0; ++accepted) {
      close(socket);
    }
    return accepted - 1;
  }

 private:
  sockaddr* generic() { return reinterpret_cast<sockaddr*>(&address_); }

  const int listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int first_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address_{};
};

tidewire::Options to(const std::string& url) {
  return {.url = url, .reconnect = {.firstDelay = 10ms}};
}

}  // namespace

TEST_CASE("process: no signal disposition changes") {
  std::vector<struct sigaction> before(NSIG);
  for (int number = 1; number < NSIG; ++number) {
    sigaction(number, nullptr, &before[static_cast<std::size_t>(number)]);
  }
  support::TickerServer server;
  {
    TestClient test(to(server.url("/echo")));
    test.client().connect();
    test.awaitOpens(1);
  }
  for (int number = 1; number < NSIG; ++number) {
    CAPTURE(number);
    struct sigaction after {};
    sigaction(number, nullptr, &after);
    const bool sameHandler = after.sa_handler == before[static_cast<std::size_t>(number)].sa_handler;
    CHECK(sameHandler);
    // The C library adds this one, which is not ours to see, to whatever passes through sigaction().
    constexpr int kRestorer = 0x04000000;
    CHECK((after.sa_flags & ~kRestorer) == (before[static_cast<std::size_t>(number)].sa_flags & ~kRestorer));
  }
}

TEST_CASE("process: a peer that is gone does not bring SIGPIPE") {
  // The default disposition would end this program.
  std::signal(SIGPIPE, SIG_DFL);
  support::RawPeer peer;
  TestClient test(to(peer.url()));
  test.client().connect();
  auto connection = peer.accept();
  connection->acceptWebSocket();
  test.awaitOpens(1);
  connection->reset();
  for (int i = 0; i < 1000; ++i) {
    (void)test.client().send(std::string(1000, 'x'));
  }
  test.awaitCloses(1);
}

TEST_CASE("process: two hundred clients share one thread, and leave nothing behind") {
  support::TickerServer server;
  {
    TestClient first(to(server.url("/echo")));
    first.client().connect();
    first.awaitOpens(1);
  }
  const std::size_t threads = threadCount();
  {
    std::vector<std::unique_ptr<TestClient>> clients;
    for (int i = 0; i < 200; ++i) {
      clients.push_back(std::make_unique<TestClient>(to(server.url("/echo"))));
      clients.back()->client().connect();
      CHECK(clients.back()->client().send(std::to_string(i)) == SendResult::Queued);
    }
    for (int i = 0; i < 200; ++i) {
      clients[static_cast<std::size_t>(i)]->awaitMessages(1);
      CHECK(clients[static_cast<std::size_t>(i)]->log().messages[0].payload == std::to_string(i));
    }
    CHECK(threadCount() == threads);
    CHECK(openDescriptors() >= 200);
  }
  contract::pumpUntil("their sockets are closed", [] { return openDescriptors() < 50; });
}

TEST_CASE("process: messages sent from many threads arrive whole and in each thread's order") {
  support::TickerServer server;
  TestClient test(to(server.url("/echo")));
  test.client().connect();
  constexpr int kThreads = 4;
  constexpr int kMessages = 2000;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&test, thread] {
      for (int i = 0; i < kMessages; ++i) {
        while (test.client().send(std::to_string(thread) + " " + std::to_string(i)) != SendResult::Queued) {
          std::this_thread::yield();
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  test.awaitMessages(kThreads * kMessages);
  std::array<int, kThreads> next{};
  for (const contract::Log::Received& received : test.log().messages) {
    const auto thread = static_cast<std::size_t>(received.payload[0] - '0');
    REQUIRE(received.payload == std::to_string(thread) + " " + std::to_string(next[thread]++));
  }
}

TEST_CASE("dial: a name with an address that refuses goes on to the next at once") {
  // localhost usually means ::1 first, where nobody listens; the server is at 127.0.0.1.
  support::TickerServer server;
  TestClient test(to("ws://localhost:" + std::to_string(server.port()) + "/echo"));
  test.client().connect();
  test.awaitOpens(1);
  CHECK(test.log().closes.empty());
}

TEST_CASE("dial: each step of a handshake has its time, and one that there was not has none") {
  support::TickerServer server({"--allow-host", "named.scripted"});
  const std::string port = std::to_string(server.port());
  support::Names names;
  names.answer("named.scripted", "127.0.0.1");
  for (const std::string host : {"named.scripted", "localhost", "127.0.0.1"}) {
    CAPTURE(host);
    TestClient test(to("ws://" + host + ":" + port + "/echo"));
    test.client().connect();
    test.awaitOpens(1);
    const tidewire::Opened opened = test.log().opens[0];
    CHECK(opened.times.lookUp.has_value() == (host == "named.scripted"));
    REQUIRE(opened.times.connect.has_value());
    REQUIRE(opened.times.upgrade.has_value());
    CHECK(*opened.times.connect > 0us);
    CHECK(*opened.times.upgrade > 0us);
    CHECK_FALSE(opened.times.tls.has_value());
    CHECK_FALSE(opened.times.endpoint.has_value());
    const auto lookUp = opened.times.lookUp.value_or(0us);
    CHECK(lookUp + *opened.times.connect + *opened.times.upgrade <= opened.handshakeTime);
  }
}

TEST_CASE("dial: a name that does not exist is a failed attempt") {
  TestClient test({.url = "ws://tidewire.invalid/", .reconnect = {.enabled = false}});
  test.client().connect();
  test.awaitCloses(1);
  CHECK(test.log().closes[0].cause == tidewire::CloseCause::ConnectFailed);
  CHECK(test.log().closes[0].detail.find("tidewire.invalid") != std::string::npos);
}

TEST_CASE("dial: a peer that is silent while TCP connects is given up after the connect timeout") {
  FullPeer peer;
  tidewire::Options options = to(peer.url());
  options.connectTimeout = 150ms;
  options.reconnect.enabled = false;
  TestClient test(std::move(options));
  const auto began = std::chrono::steady_clock::now();
  test.client().connect();
  test.awaitCloses(1);
  CHECK(std::chrono::steady_clock::now() - began >= 150ms);
  CHECK(test.log().closes[0].cause == tidewire::CloseCause::ConnectTimeout);
  CHECK(peer.others() == 0);
}

TEST_CASE("dial: a client that is destroyed while its name is looked up hears nothing of it") {
  for (int i = 0; i < 20; ++i) {
    TestClient test({.url = "ws://tidewire.invalid/"});
    test.client().connect();
  }
}

TEST_CASE("destroy: waits for a callback that runs on Tidewire's thread, and for nothing else") {
  support::TickerServer server;
  std::atomic<bool> running = false;
  std::atomic<bool> mayEnd = false;
  std::atomic<bool> ended = false;
  auto client = std::make_unique<tidewire::Client>(to(server.url("/echo")));
  client->onOpen([&](const tidewire::Opened&) {
    running = true;
    while (!mayEnd) {
      std::this_thread::yield();
    }
    ended = true;
  });
  client->connect();
  while (!running) {
    std::this_thread::yield();
  }
  std::atomic<bool> destroying = false;
  std::atomic<bool> destroyed = false;
  std::thread destroyer([&] {
    destroying = true;
    client.reset();
    CHECK(ended);
    destroyed = true;
  });
  // Long enough for one that does not wait.
  for (int i = 0; i < 1000 || !destroying; ++i) {
    std::this_thread::yield();
  }
  CHECK_FALSE(destroyed);
  mayEnd = true;
  destroyer.join();
  CHECK(destroyed);
}
