#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>

#include "contract/test_client.hpp"
#include "support/raw_peer.hpp"

using namespace std::chrono_literals;
using contract::TestClient;
using support::ClientFrame;
using support::RawPeer;
using support::serverFrame;
using tidewire::CloseCause;

namespace {

constexpr int kContinuation = 0x0;
constexpr int kText = 0x1;
constexpr int kBinary = 0x2;
constexpr int kClose = 0x8;
constexpr int kPing = 0x9;
constexpr int kPong = 0xA;

tidewire::Options to(const RawPeer& peer, std::string_view path = "/") {
  return {.url = peer.url(path), .heartbeat = {.interval = 0ms}, .reconnect = {.enabled = false}};
}

/// Opens a connection, has the peer send `bytes`, and requires that the client closes it with `code`.
void checkViolation(std::string_view bytes, int code, CloseCause cause) {
  RawPeer peer;
  tidewire::Options options = to(peer);
  options.maxMessageBytes = 100'000;
  TestClient test(std::move(options));
  test.client().connect();
  const auto connection = peer.accept();
  connection->acceptWebSocket();
  connection->write(bytes);
  const ClientFrame frame = connection->readFrame();
  CHECK(frame.opcode == kClose);
  CHECK(frame.masked);
  CHECK(frame.closeCode() == code);
  test.awaitCloses(1);
  CHECK(test.log().closes[0].cause == cause);
  CHECK(test.log().closes[0].code == code);
  CHECK(test.log().messages.empty());
}

/// Answers the handshake with `answer` and requires that it is refused with this HTTP status.
void checkRefused(std::string_view answer, int status) {
  RawPeer peer;
  TestClient test(to(peer));
  test.client().connect();
  const auto connection = peer.accept();
  CHECK_FALSE(connection->readRequest().empty());
  connection->write(answer);
  test.awaitCloses(1);
  CHECK(test.log().closes[0].cause == CloseCause::HandshakeRefused);
  CHECK(test.log().closes[0].httpStatus == status);
  CHECK(test.log().opens.empty());
}

}  // namespace

TEST_CASE("handshake: the request is ours alone, and complete") {
  RawPeer peer;
  tidewire::Options options = to(peer, "/a%20path?x=1&y=2");
  options.subprotocols = {"one", "two"};
  TestClient test(std::move(options));
  test.client().connect();
  const auto connection = peer.accept();
  const std::string request = connection->acceptWebSocket("Sec-WebSocket-Protocol: two\r\n");
  CHECK(
      request.starts_with("GET /a%20path?x=1&y=2 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(peer.port()) + "\r\n"));
  CHECK(request.find("Sec-WebSocket-Protocol: one, two\r\n") != std::string::npos);
  CHECK(request.find("Sec-WebSocket-Version: 13\r\n") != std::string::npos);
  for (const char* foreign : {"Pragma", "Cache-Control", "close", "Origin", "User-Agent"}) {
    CAPTURE(foreign);
    CHECK(request.find(foreign) == std::string::npos);
  }
  test.awaitOpens(1);
  CHECK(test.log().opens[0].subprotocol == "two");
}

TEST_CASE("handshake: the application's headers are in the request, in their order") {
  RawPeer peer;
  tidewire::Options options = to(peer);
  options.headers = {{"Authorization", "Bearer abc.def"}, {"X-Empty", ""}, {"X-Latin", "\xE4"}};
  TestClient test(std::move(options));
  test.client().connect();
  const auto connection = peer.accept();
  const std::string request = connection->acceptWebSocket();
  CHECK(request.find("\r\nAuthorization: Bearer abc.def\r\nX-Empty: \r\nX-Latin: \xE4\r\n") != std::string::npos);
  test.awaitOpens(1);
  const tidewire::HandshakeTimes times = test.log().opens[0].times;
  CHECK(times.connect.has_value());
  CHECK(times.upgrade.has_value());
  CHECK_FALSE(times.lookUp.has_value());
  CHECK_FALSE(times.tls.has_value());
}

TEST_CASE("handshake: a URL of 8 KiB arrives whole") {
  RawPeer peer;
  const std::string path = "/" + std::string(8000, 'p') + "?q=" + std::string(180, 'q');
  TestClient test(to(peer, path));
  test.client().connect();
  const auto connection = peer.accept();
  CHECK(connection->acceptWebSocket().starts_with("GET " + path + " HTTP/1.1\r\n"));
  test.awaitOpens(1);
}

TEST_CASE("handshake: an answer other than the right 101 is refused with its status") {
  const std::string head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  checkRefused("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", 401);
  checkRefused("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", 404);
  checkRefused("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200);
  checkRefused("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 302);
  checkRefused("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", 503);
  checkRefused(head + "Sec-WebSocket-Accept: bm90IHRoZSByaWdodCBvbmU=\r\n\r\n", 101);
  checkRefused(head + "\r\n", 101);
}

TEST_CASE("handshake: an extension or subprotocol that was not offered is refused") {
  for (const char* header : {"Sec-WebSocket-Extensions: permessage-deflate\r\n", "Sec-WebSocket-Protocol: chat\r\n"}) {
    RawPeer peer;
    TestClient test(to(peer));
    test.client().connect();
    const auto connection = peer.accept();
    connection->acceptWebSocket(header);
    test.awaitCloses(1);
    CHECK(test.log().closes[0].cause == CloseCause::HandshakeRefused);
    CHECK(test.log().opens.empty());
  }
}

TEST_CASE("handshake: a subprotocol that was offered and not answered is refused") {
  RawPeer peer;
  tidewire::Options options = to(peer);
  options.subprotocols = {"chat"};
  TestClient test(std::move(options));
  test.client().connect();
  const auto connection = peer.accept();
  connection->acceptWebSocket();
  test.awaitCloses(1);
  CHECK(test.log().closes[0].cause == CloseCause::HandshakeRefused);
}

TEST_CASE("handshake: a peer that never answers is given up after the connect timeout") {
  RawPeer peer;
  tidewire::Options options = to(peer);
  options.connectTimeout = 150ms;
  TestClient test(std::move(options));
  test.client().connect();
  const auto connection = peer.accept();
  test.awaitCloses(1);
  CHECK(test.log().closes[0].cause == CloseCause::ConnectTimeout);
  CHECK_FALSE(connection->readRequest().empty());
  CHECK(connection->atEnd());
}

TEST_CASE("handshake: garbage instead of an answer is a failed attempt") {
  RawPeer peer;
  TestClient test(to(peer));
  test.client().connect();
  auto connection = peer.accept();
  CHECK_FALSE(connection->readRequest().empty());
  connection->write("\x16\x03\x01 not HTTP at all\r\n\r\n");
  connection.reset();
  test.awaitCloses(1);
  CHECK_FALSE(test.log().closes[0].wasOpen);
}

TEST_CASE("receive: bytes in one segment with the 101 are not lost") {
  RawPeer peer;
  TestClient test(to(peer));
  test.client().connect();
  const auto connection = peer.accept();
  connection->acceptWebSocket({}, serverFrame(kText, "first") + serverFrame(kBinary, "second") + "\x81");
  connection->write(serverFrame(kText, "third").substr(1));
  test.awaitMessages(3);
  CHECK(test.log().messages[0].payload == "first");
  CHECK(test.log().messages[1].payload == "second");
  CHECK(test.log().messages[2].payload == "third");
}

TEST_CASE("receive: fragments are joined, with control frames between them") {
  RawPeer peer;
  TestClient test(to(peer));
  test.client().connect();
  const auto connection = peer.accept();
  connection->acceptWebSocket();
  connection->write(serverFrame(kText, "one ", false) + serverFrame(kPing, "a") +
                    serverFrame(kContinuation, "two ", false) + serverFrame(kPing, "b") + serverFrame(kPing, "c") +
                    serverFrame(kContinuation, "three"));
  test.awaitMessages(1);
  CHECK(test.log().messages[0].payload == "one two three");
  for (const char* expected : {"a", "b", "c"}) {
    const ClientFrame frame = connection->readFrame();
    CHECK(frame.opcode == kPong);
    CHECK(frame.payload == expected);
    CHECK(frame.masked);
  }
}

TEST_CASE("receive: every one of a thousand pings that arrive together is answered") {
  RawPeer peer;
  TestClient test(to(peer));
  test.client().connect();
  const auto connection = peer.accept();
  connection->acceptWebSocket();
  std::string pings;
  for (int i = 0; i < 1000; ++i) {
    pings += serverFrame(kPing, std::to_string(i));
  }
  connection->write(pings);
  for (int i = 0; i < 1000; ++i) {
    const ClientFrame frame = connection->readFrame();
    REQUIRE(frame.opcode == kPong);
    REQUIRE(frame.payload == std::to_string(i));
  }
}

TEST_CASE("receive: a protocol violation is answered with its close code") {
  checkViolation("\xC1\x01x", 1002, CloseCause::ProtocolError);                          // RSV1
  checkViolation("\x83\x01x", 1002, CloseCause::ProtocolError);                          // reserved opcode
  checkViolation(std::string("\x81\x81\0\0\0\0x", 7), 1002, CloseCause::ProtocolError);  // masked
  checkViolation("\x09\x01x", 1002, CloseCause::ProtocolError);                          // fragmented Ping
  checkViolation("\x80\x01x", 1002, CloseCause::ProtocolError);                          // nothing to continue
  checkViolation(serverFrame(kText, "\xC3\x28"), 1007, CloseCause::ProtocolError);
  checkViolation(serverFrame(kText, "\xF0\x28", false), 1007, CloseCause::ProtocolError);
}

TEST_CASE("receive: a message over the maximum is answered with 1009 from its header alone") {
  checkViolation(std::string("\x82\x7F\0\0\0\x7F\xFF\xFF\xFF\xFF", 10), 1009, CloseCause::MessageTooBig);
}

TEST_CASE("receive: the peer's Close is answered with its code before the connection ends") {
  RawPeer peer;
  TestClient test(to(peer));
  test.client().connect();
  const auto connection = peer.accept();
  connection->acceptWebSocket();
  connection->write(serverFrame(kClose, "\x0F\xA1tides"));
  const ClientFrame frame = connection->readFrame();
  CHECK(frame.opcode == kClose);
  CHECK(frame.closeCode() == 4001);
  CHECK(connection->atEnd());
  test.awaitCloses(1);
  CHECK(test.log().closes[0].cause == CloseCause::ClosedByPeer);
  CHECK(test.log().closes[0].reason == "tides");
}

TEST_CASE("receive: a reset is a lost connection") {
  RawPeer peer;
  TestClient test(to(peer));
  test.client().connect();
  const auto connection = peer.accept();
  connection->acceptWebSocket();
  test.awaitOpens(1);
  connection->reset();
  test.awaitCloses(1);
  CHECK(test.log().closes[0].cause == CloseCause::ConnectionLost);
  CHECK(test.log().closes[0].code == 1006);
}

TEST_CASE("close: a peer that does not answer ours is given up after the close timeout") {
  RawPeer peer;
  tidewire::Options options = to(peer);
  options.closeTimeout = 150ms;
  TestClient test(std::move(options));
  test.client().connect();
  const auto connection = peer.accept();
  connection->acceptWebSocket();
  test.awaitOpens(1);
  test.client().close(3001, "bye");
  test.awaitCloses(1);
  const ClientFrame frame = connection->readFrame();
  CHECK(frame.opcode == kClose);
  CHECK(frame.closeCode() == 3001);
  CHECK(frame.payload.substr(2) == "bye");
  CHECK(connection->atEnd());
  CHECK(test.log().closes[0].cause == CloseCause::ClosedByUser);
  CHECK(test.log().closes[0].code == 1006);
}

TEST_CASE("send: every frame is masked with a key of its own") {
  RawPeer peer;
  TestClient test(to(peer));
  test.client().connect();
  const auto connection = peer.accept();
  connection->acceptWebSocket();
  CHECK(test.client().send("same") == tidewire::SendResult::Queued);
  CHECK(test.client().send(std::string(70'000, 'x')) == tidewire::SendResult::Queued);
  const ClientFrame small = connection->readFrame();
  CHECK(small.final);
  CHECK(small.masked);
  CHECK(small.payload == "same");
  CHECK(connection->readFrame().payload == std::string(70'000, 'x'));
}

TEST_CASE("send: a long message arrives while the peer floods") {
  RawPeer peer;
  // More than the buffers of the sockets hold, so that it leaves while the client reads.
  const std::string large(16 * 1024 * 1024, 'x');
  tidewire::Options options = to(peer);
  options.sendQueue.maxBytes = large.size();
  TestClient test(std::move(options));
  test.client().connect();
  const auto connection = peer.accept();
  connection->acceptWebSocket();
  std::atomic<bool> arrived = false;
  std::thread flood([&] {
    const std::string frames = [] {
      std::string many;
      for (int i = 0; i < 1000; ++i) {
        many += serverFrame(kBinary, std::string(64, 'f'));
      }
      return many;
    }();
    while (!arrived) {
      connection->write(frames);
    }
  });
  CHECK(test.client().sendBinary(large) == tidewire::SendResult::Queued);
  const ClientFrame frame = connection->readFrame();
  arrived = true;
  flood.join();
  CHECK(frame.payload.size() == large.size());
  const bool same = frame.payload == large;
  CHECK(same);
}

TEST_CASE("poll: a full delivery queue makes the peer wait, and nothing is lost") {
  RawPeer peer;
  tidewire::Options options = to(peer);
  options.callbacks = tidewire::Callbacks::Poll;
  options.deliveryQueueBytes = 256 * 1024;
  // It would die if a paused reader were taken for a dead peer.
  options.heartbeat = {.interval = 20ms, .timeout = 1s};
  tidewire::Client client(std::move(options));
  std::size_t received = 0;
  bool inOrder = true;
  bool closedEarly = false;
  client.onMessage([&](const tidewire::Message& message) {
    inOrder = inOrder && message.text().starts_with(std::to_string(received) + " ");
    ++received;
  });
  constexpr std::size_t kMessages = 20'000;
  // Behind the last message the peer is silent, and may be given up.
  client.onClose([&](const tidewire::CloseInfo&) { closedEarly = received < kMessages; });
  client.connect();
  const auto connection = peer.accept();
  connection->acceptWebSocket();
  std::atomic<std::size_t> written = 0;
  std::thread writer([&] {
    for (std::size_t i = 0; i < kMessages; ++i) {
      connection->write(serverFrame(kText, std::to_string(i) + " " + std::string(1000, 'x')));
      written = i + 1;
    }
  });
  // 20 MB do not fit into 256 KiB and two socket buffers: the writer has to stop. It has when nothing moved for long.
  std::size_t before = 0;
  auto since = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - since < 1500ms) {
    if (written != before) {
      before = written;
      since = std::chrono::steady_clock::now();
    }
    std::this_thread::yield();
  }
  CHECK(before < kMessages);
  CHECK(received == 0);
  contract::pumpUntil("all messages", [&] {
    client.poll();
    return received == kMessages || closedEarly;
  });
  writer.join();
  CHECK(received == kMessages);
  CHECK(inOrder);
  CHECK_FALSE(closedEarly);
}
