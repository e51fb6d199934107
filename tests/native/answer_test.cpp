#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "contract/test_client.hpp"
#include "support/raw_peer.hpp"
#include "tidewire/loop.hpp"

// What servers answer to the opening handshake, right or not quite.

using namespace std::chrono_literals;
using contract::TestClient;
using support::RawPeer;
using support::serverFrame;
using tidewire::CloseCause;
using tidewire::CloseInfo;

namespace {

tidewire::Options to(const RawPeer& peer) {
  // Nobody waits for the connect timeout here.
  return {.url = peer.url(), .connectTimeout = 60s, .heartbeat = {.interval = 0ms}, .reconnect = {.enabled = false}};
}

/// Requires that the right 101, with these headers and behind these bytes, opens the connection, and that what follows
/// it in one segment is read as frames.
void checkOpens(const std::string& headers, const std::string& before = {}) {
  CAPTURE(before);
  CAPTURE(headers.substr(0, 100));
  RawPeer peer;
  TestClient test(to(peer));
  test.client().connect();
  const auto connection = peer.accept();
  connection->write(before);
  connection->acceptWebSocket(headers, serverFrame(1, "behind"));
  test.awaitMessages(1);
  CHECK(test.log().messages[0].payload == "behind");
}

/// How an attempt ends that is answered with `answer`. The server keeps the connection.
CloseInfo endingAfter(const std::string& answer) {
  RawPeer peer;
  TestClient test(to(peer));
  test.client().connect();
  const auto connection = peer.accept();
  CHECK_FALSE(connection->readRequest().empty());
  connection->write(answer);
  test.awaitCloses(1);
  CHECK(test.log().opens.empty());
  return test.log().closes[0];
}

bool names(const CloseInfo& info, const std::string& what) {
  return info.detail.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("answer: a 101 that announces a body opens the connection, since it has none") {
  checkOpens("Content-Length: 0\r\n");
  checkOpens("Content-Length: 12\r\n");
  checkOpens("Content-Length: -1\r\n");
  checkOpens("Transfer-Encoding: chunked\r\n");
  checkOpens("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n");
}

TEST_CASE("answer: interim responses before it are skipped") {
  checkOpens("", "HTTP/1.1 100 Continue\r\n\r\n");
  checkOpens("", "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
  CHECK(endingAfter("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 401 Unauthorized\r\n\r\n").httpStatus == 401);
}

TEST_CASE("answer: up to 64 KiB of headers are taken, folded lines and empty lines before it too") {
  checkOpens("Set-Cookie: a=" + std::string(9000, 'x') + "\r\n");
  checkOpens("Content-Security-Policy: " + std::string(60'000, 'x') + "\r\n");
  checkOpens("X-Folded: one\r\n two\r\n\tthree\r\n");
  checkOpens("", "\r\n\r\n");
}

TEST_CASE("answer: a refusal is known by its status, however long its headers are") {
  for (const std::size_t bytes : {12'000, 70'000, 1'000'000}) {
    const CloseInfo info = endingAfter("HTTP/1.1 403 Forbidden\r\nA: " + std::string(bytes, 'x') + "\r\n\r\n");
    CHECK(info.cause == CloseCause::HandshakeRefused);
    CHECK(info.httpStatus == 403);
    CHECK(names(info, "64 KiB") == (bytes > 65'536));
  }
}

TEST_CASE("answer: headers beyond the limit of a 101 end the attempt, and the limit is named") {
  const CloseInfo info = endingAfter("HTTP/1.1 101 Switching Protocols\r\nA: " + std::string(70'000, 'x') + "\r\n\r\n");
  CHECK(info.cause == CloseCause::HandshakeRefused);
  CHECK(info.httpStatus == 101);
  CHECK(names(info, "64 KiB"));
}

TEST_CASE("answer: a refusal names status and reason") {
  CHECK(endingAfter("HTTP/1.1 502 Bad Gateway\r\n\r\n").detail == "HTTP 502 Bad Gateway");
  CHECK(endingAfter("HTTP/1.0 404\nServer: old\n\n").detail == "HTTP 404");
}

TEST_CASE("answer: a status that is not three digits is none") {
  for (const std::string line : {"HTTP/1.1 20x OK", "HTTP/1.1 2000 OK", "HTTP/1.1", "HTTP/1.1 099 No"}) {
    CAPTURE(line);
    const CloseInfo info = endingAfter(line + "\r\n\r\n");
    CHECK(info.cause == CloseCause::HandshakeRefused);
    CHECK(info.httpStatus == 0);
    CHECK(names(info, line));
  }
}

TEST_CASE("answer: a response that is not HTTP ends the attempt at once, and is quoted") {
  const CloseInfo info = endingAfter("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
  CHECK(info.cause == CloseCause::ConnectFailed);
  CHECK(info.detail == "the server does not speak HTTP: it answered \"SSH-2.0-OpenSSH_9.2p1 Debian-2\"");
  for (const std::string& answer :
       {std::string("\0\0\x12\x04\0\0\0\0\0", 9), std::string("\x15\x03\x03\0\x02\x02\x0A", 7),
        std::string("220 mail ready\r\n"), std::string("<html>")}) {
    CHECK(endingAfter(answer).cause == CloseCause::ConnectFailed);
  }
}

TEST_CASE("answer: a second Sec-WebSocket-Accept is refused") {
  RawPeer peer;
  TestClient test(to(peer));
  test.client().connect();
  const auto connection = peer.accept();
  connection->acceptWebSocket("Sec-WebSocket-Accept: bm90IHRoZSByaWdodCBvbmU=\r\n");
  test.awaitCloses(1);
  CHECK(test.log().closes[0].cause == CloseCause::HandshakeRefused);
}

TEST_CASE("answer: nothing of a refused attempt is left on the wire") {
  for (const std::string answer :
       {"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nKeep-Alive: timeout=60\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "SSH-2.0-x\r\n"}) {
    CAPTURE(answer);
    RawPeer peer;
    const std::shared_ptr<tidewire::Loop> loop = tidewire::Loop::make();
    tidewire::Options options = to(peer);
    options.loop = loop;
    tidewire::Client client(std::move(options));
    bool closed = false;
    client.onClose([&](const CloseInfo&) { closed = true; });
    client.connect();
    const auto turnUntil = [&](const char* what, const std::function<bool()>& holds) {
      contract::pumpUntil(what, [&] {
        loop->turn(1ms);
        return holds();
      });
    };
    turnUntil("it has dialled", [&] { return peer.isAsked(); });
    const auto connection = peer.accept();
    turnUntil("the request has left", [&] { return connection->hasSomething(); });
    connection->write(answer);
    turnUntil("it has closed", [&] { return closed; });
    loop->turn();
    // Read what the client sent: behind it there is the end, and not silence.
    (void)connection->readRequest();
    CHECK(connection->hasEnded());
  }
}

TEST_CASE("receive: bytes behind the 101 are held while reading is paused, and delivered first after resume") {
  for (const bool cutsFrame : {false, true}) {
    CAPTURE(cutsFrame);
    RawPeer peer;
    TestClient test(to(peer), {.onOpen = [](TestClient& self) { (void)self.client().pause(); }});
    test.client().connect();
    const auto connection = peer.accept();
    const std::string second = serverFrame(1, "second");
    const std::size_t cut = cutsFrame ? 4 : second.size();
    connection->acceptWebSocket({}, serverFrame(1, "first") + second.substr(0, cut));
    test.awaitOpens(1);
    std::string rest = second.substr(cut);
    for (int i = 0; i < 1000; ++i) {
      rest += serverFrame(1, std::to_string(i));
    }
    connection->write(rest);
    CHECK(test.log().messages.empty());
    (void)test.client().resume();
    test.awaitMessages(1002);
    const auto messages = test.log().messages;
    CHECK(messages[0].payload == "first");
    CHECK(messages[1].payload == "second");
    for (std::size_t i = 0; i < 1000; ++i) {
      REQUIRE(messages[i + 2].payload == std::to_string(i));
    }
  }
}

TEST_CASE("receive: bytes behind the 101 are delivered first, however busy the loop is") {
  RawPeer peer;
  const std::shared_ptr<tidewire::Loop> loop = tidewire::Loop::make();
  tidewire::Options options = to(peer);
  options.loop = loop;
  std::vector<std::string> received;
  tidewire::Client client(options);
  client.onOpen([&](const tidewire::Opened&) { (void)client.pause(); });
  client.onMessage([&](const tidewire::Message& message) { received.emplace_back(message.text()); });
  client.connect();
  std::unique_ptr<support::RawConnection> connection;
  std::thread server([&] {
    connection = peer.accept();
    connection->acceptWebSocket({}, serverFrame(1, "a1") + serverFrame(1, "a2"));
  });
  contract::pumpUntil("open", [&] { return loop->turn(1ms), client.state() == tidewire::State::Open; });
  server.join();
  loop->turn();  // It pauses.
  connection->write(serverFrame(1, "b"));
  // Each of these has the loop do something before it goes on reading; a turn does no more than 64 of them.
  std::vector<tidewire::Client> others;
  for (int i = 0; i < 100; ++i) {
    others.emplace_back(options);
    others.back().connect();
  }
  (void)client.resume();
  contract::pumpUntil("everything is received", [&] { return loop->turn(1ms), received.size() == 3; });
  CHECK(received == std::vector<std::string>{"a1", "a2", "b"});
}

TEST_CASE("receive: bytes behind the 101 of a reconnect are delivered in order once the full queue is empty") {
  RawPeer peer;
  tidewire::Options options = to(peer);
  options.callbacks = tidewire::Callbacks::Poll;
  options.deliveryQueueBytes = 1024;
  options.reconnect = {.firstDelay = 1ms, .maxDelay = 1ms};
  tidewire::Client client(std::move(options));
  std::vector<std::string> received;
  client.onMessage([&](const tidewire::Message& message) { received.emplace_back(message.text().substr(0, 2)); });
  client.connect();
  auto connection = peer.accept();
  connection->acceptWebSocket({}, serverFrame(1, "a0" + std::string(4000, 'x')));
  contract::pumpUntil("the queue is full", [&] { return client.stats().deliveryBytes > 1024; });
  (void)client.reconnect();
  auto next = peer.accept();
  const std::string cut = serverFrame(1, "b1" + std::string(500, 'y'));
  next->acceptWebSocket({}, serverFrame(1, "b0") + cut.substr(0, 100));
  contract::pumpUntil("the next one is open", [&] { return client.stats().opens == 2; });
  next->write(cut.substr(100) + serverFrame(1, "b2"));
  contract::pumpUntil("everything is delivered", [&] {
    client.poll();
    return received.size() == 4;
  });
  CHECK(received == std::vector<std::string>{"a0", "b0", "b1", "b2"});
}
