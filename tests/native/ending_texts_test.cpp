#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "contract/test_client.hpp"
#include "support/certificates.hpp"
#include "support/raw_peer.hpp"
#include "tidewire/loop.hpp"
#include "trust.hpp"

// What `CloseInfo::detail` says of each ending.

using namespace std::chrono_literals;
using contract::TestClient;
using support::certificates;
using support::RawConnection;
using support::RawPeer;
using support::serverFrame;
using tidewire::CloseCause;
using tidewire::CloseInfo;

namespace {

tidewire::Options to(const std::string& url) {
  return {.url = url, .heartbeat = {.interval = 0ms}, .reconnect = {.enabled = false}};
}

CloseInfo endingOf(TestClient& test) {
  test.awaitCloses(1);
  return test.log().closes[0];
}

/// Requires that the ending has this cause and text, in which "{peer}" stands for the server's address.
void checkEnding(const CloseInfo& info, CloseCause cause, std::string text, int port) {
  if (const std::size_t at = text.find("{peer}"); at != std::string::npos) {
    text.replace(at, 6, "127.0.0.1:" + std::to_string(port));
  }
  CHECK(nameOf(info.cause) == nameOf(cause));
  CHECK(info.detail == text);
}

std::string closePayload(int code, const std::string& reason) {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)} + reason;
}

struct Row {
  std::string situation;
  std::string sent;  // By the server.
  CloseCause cause;
  std::string text;
};

}  // namespace

TEST_CASE("ending texts: an answer that refuses the handshake is quoted, with the server's own words") {
  const Row rows[] = {
      {"nginx without its upstream",
       "HTTP/1.1 502 Bad Gateway\r\nServer: nginx\r\nContent-Type: text/html\r\nContent-Length: 72\r\n\r\n"
       "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></ht>",
       CloseCause::HandshakeRefused, "HTTP 502 Bad Gateway: \"502 Bad Gateway nginx\""},
      {"no words, and the connection stays", "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
       CloseCause::HandshakeRefused, "HTTP 401 Unauthorized"},
      {"a promise of words that never come", "HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\n",
       CloseCause::HandshakeRefused, "HTTP 503 Busy"},
      {"words in chunks",
       "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nOrigin \r\nc\r\nis \x1b[31mevil\r\n0\r\n\r\n",
       CloseCause::HandshakeRefused, "HTTP 403 Forbidden: \"Origin is \\x1b[31mevil\""},
      {"a redirect", "HTTP/1.1 301 Moved Permanently\r\nLocation: https://elsewhere.test/\r\nContent-Length: 0\r\n\r\n",
       CloseCause::HandshakeRefused,
       "HTTP 301 Moved Permanently to \"https://elsewhere.test/\", which is not followed"},
      {"a redirect with secrets",
       "HTTP/1.1 302 Found\r\nLocation: wss://user:pass@host/feed?token=SECRET#x\r\nContent-Length: 0\r\n\r\n",
       CloseCause::HandshakeRefused, "HTTP 302 Found to \"wss://host/feed\", which is not followed"},
      {"a relative redirect", "HTTP/1.1 308 Moved\r\nLocation: /feed/?a@b\r\nContent-Length: 0\r\n\r\n",
       CloseCause::HandshakeRefused, "HTTP 308 Moved to \"/feed/\", which is not followed"},
      {"our own query repeated", "HTTP/1.1 404 Not Found\r\nContent-Length: 29\r\n\r\nno /feed?token=SECRET is here",
       CloseCause::HandshakeRefused, "HTTP 404 Not Found: \"no /feed is here\""},
      {"no Upgrade", "HTTP/1.1 101 Switching Protocols\r\n\r\n", CloseCause::HandshakeRefused,
       "the server's answer 101 lacks \"Upgrade: websocket\""},
      {"no HTTP", "SSH-2.0-OpenSSH_9.2p1\r\n", CloseCause::ConnectFailed,
       "the server does not speak HTTP: it answered \"SSH-2.0-OpenSSH_9.2p1\""},
      {"TLS where the URL says ws:", std::string("\x15\x03\x01\0\x02\x02\x16\n", 8), CloseCause::ConnectFailed,
       "the server does not speak HTTP: it answered \"\\x15\\x03\\x01\\x00\\x02\\x02\\x16\", which is TLS; perhaps the "
       "URL has to begin with wss:"},
      {"not HTTP/1", "HTTP/2 200\r\n", CloseCause::HandshakeRefused,
       "the server's answer is not a valid HTTP/1 response: \"HTTP/2 200\""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.situation);
    RawPeer peer;
    TestClient test(to(peer.url("/feed?token=SECRET")));
    test.client().connect();
    const auto connection = peer.accept();
    CHECK_FALSE(connection->readRequest().empty());
    connection->write(row.sent);
    checkEnding(endingOf(test), row.cause, row.text, peer.port());
  }
}

TEST_CASE("ending texts: words that come behind the head, or cut off by the end, are quoted too") {
  RawPeer peer;
  TestClient test(to(peer.url()));
  test.client().connect();
  auto connection = peer.accept();
  CHECK_FALSE(connection->readRequest().empty());
  connection->write("HTTP/1.0 503 Busy\r\n\r\n");
  connection->write("come ");
  connection->write("back");
  connection.reset();
  checkEnding(endingOf(test), CloseCause::HandshakeRefused, "HTTP 503 Busy: \"come back\"", peer.port());
}

TEST_CASE("ending texts: a refusal whose words are still waited for when the time is over stays one") {
  RawPeer peer;
  tidewire::Options options = to(peer.url());
  options.reconnect.enabled = true;
  options.connectTimeout = 200ms;  // Less than the wait for the words.
  TestClient test(std::move(options));
  test.client().connect();
  const auto connection = peer.accept();
  CHECK_FALSE(connection->readRequest().empty());
  connection->write("HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nkeep out");
  const CloseInfo info = endingOf(test);
  checkEnding(info, CloseCause::HandshakeRefused, "HTTP 403 Forbidden: \"keep out\"", peer.port());
  CHECK(info.httpStatus == 403);
  CHECK_FALSE(info.willRetry);
}

// The timer of the words has expired, and its callback comes behind the task that destroys the transport.
TEST_CASE("ending texts: a client may go when the wait for the words is over and its loop was not turned") {
  RawPeer peer;
  const std::shared_ptr<tidewire::Loop> loop = tidewire::Loop::make();
  tidewire::Options options = to(peer.url());
  options.loop = loop;
  auto client = std::make_unique<tidewire::Client>(std::move(options));
  client->connect();
  std::unique_ptr<RawConnection> connection;
  const auto turnUntil = [&loop](const std::function<bool()>& holds) {
    while (!holds()) {
      loop->turn(1ms);
    }
  };
  turnUntil([&] { return peer.isAsked(); });
  connection = peer.accept();
  turnUntil([&] { return connection->hasSomething(); });
  CHECK_FALSE(connection->readRequest().empty());
  connection->write("HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nkeep out");
  const auto read = std::chrono::steady_clock::now() + 100ms;  // Time for the answer to be read in.
  turnUntil([&] { return std::chrono::steady_clock::now() > read; });
  const auto over = std::chrono::steady_clock::now() + 400ms;
  contract::pumpUntil("the wait is over", [&] { return std::chrono::steady_clock::now() > over; });
  client.reset();
  loop->turn(10ms);
  loop->turn(10ms);
}

TEST_CASE("ending texts: a short query leaves the server's words whole") {
  RawPeer peer;
  TestClient test(to(peer.url("/?e")));
  test.client().connect();
  const auto connection = peer.accept();
  CHECK_FALSE(connection->readRequest().empty());
  connection->write("HTTP/1.1 503 Busy\r\nContent-Length: 15\r\n\r\nwe never rested");
  checkEnding(endingOf(test), CloseCause::HandshakeRefused, "HTTP 503 Busy: \"we never rested\"", peer.port());
}

TEST_CASE("ending texts: an open connection ends with a code and a reason, a rule, a limit, or without a word") {
  const Row rows[] = {
      {"a code and a reason", serverFrame(8, closePayload(4001, "bye\n")), CloseCause::ClosedByPeer,
       "closed by the server: 4001, \"bye\\n\""},
      {"a registered code", serverFrame(8, closePayload(1001, "")), CloseCause::ClosedByPeer,
       "closed by the server: 1001 (going away)"},
      {"no code", serverFrame(8, ""), CloseCause::ClosedByPeer, "closed by the server: no code"},
      {"a rule is broken", serverFrame(3, "x"), CloseCause::ProtocolError,
       "the server used a reserved opcode (RFC 6455 section 5.2)"},
      {"a limit is met", serverFrame(1, std::string(2000, 'x')), CloseCause::MessageTooBig,
       "a message exceeded maxMessageBytes (1000)"},
      {"the stream ends", "", CloseCause::ConnectionLost, "{peer} ended the connection without a Close frame"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.situation);
    RawPeer peer;
    tidewire::Options options = to(peer.url());
    options.maxMessageBytes = 1000;
    TestClient test(std::move(options));
    test.client().connect();
    auto connection = peer.accept();
    connection->acceptWebSocket();
    test.awaitOpens(1);
    connection->write(row.sent);
    if (row.sent.empty()) {
      connection.reset();
    }
    const CloseInfo info = endingOf(test);
    checkEnding(info, row.cause, row.text, peer.port());
    // The log and the flight record have the same words.
    CHECK(test.client().flightRecord().find(info.detail) != std::string::npos);
    if (info.code == 1002 || info.code == 1009) {
      CHECK(connection->readFrame().payload.substr(2) == info.reason);
      CHECK_FALSE(info.reason.empty());
    }
  }
}

TEST_CASE("ending texts: a reset differs from an end") {
  RawPeer peer;
  TestClient test(to(peer.url()));
  test.client().connect();
  const auto connection = peer.accept();
  connection->acceptWebSocket();
  test.awaitOpens(1);
  connection->reset();
  checkEnding(endingOf(test), CloseCause::ConnectionLost, "{peer} reset the connection without a Close frame",
              peer.port());
}

TEST_CASE("ending texts: a connection that is not made names each address that was tried") {
  TestClient numeric(to("ws://127.0.0.1:1/"));
  numeric.client().connect();
  checkEnding(endingOf(numeric), CloseCause::ConnectFailed, "connection refused by 127.0.0.1:1", 1);
  TestClient named(to("ws://localhost:1/"));
  named.client().connect();
  const std::string both = endingOf(named).detail;
  CHECK(both.find("[::1]:1") != std::string::npos);  // Without IPv6 it is another error.
  CHECK(both.find("; connection refused by 127.0.0.1:1") != std::string::npos);
  RawPeer peer;
  TestClient ended(to(peer.url()));
  ended.client().connect();
  auto connection = peer.accept();
  CHECK_FALSE(connection->readRequest().empty());
  connection.reset();
  checkEnding(endingOf(ended), CloseCause::ConnectFailed,
              "{peer} ended the connection before it answered the handshake", peer.port());
}

TEST_CASE("ending texts: a timeout has its option, its time, and the step it interrupted") {
  (void)tidewire::native::trustFor({});  // The first time it takes a while.
  for (const bool secure : {false, true}) {
    RawPeer peer;
    tidewire::Options options = to((secure ? "wss" : "ws") + peer.url().substr(2));
    options.connectTimeout = 500ms;  // Enough for TCP on a busy machine.
    TestClient test(std::move(options));
    test.client().connect();
    const auto connection = peer.accept();
    checkEnding(endingOf(test), CloseCause::ConnectTimeout,
                std::string("not open within connectTimeout (500 ms); still waiting for the ") +
                    (secure ? "TLS handshake with {peer}" : "HTTP answer of {peer}"),
                peer.port());
  }
  for (const bool asks : {false, true}) {
    RawPeer peer;
    tidewire::Options options = to(peer.url());
    options.heartbeat = {.interval = asks ? 10ms : 0ms, .timeout = 50ms, .silence = asks ? 0ms : 50ms};
    TestClient test(std::move(options));
    test.client().connect();
    const auto connection = peer.accept();
    connection->acceptWebSocket();
    checkEnding(
        endingOf(test), CloseCause::HeartbeatTimeout,
        std::string("nothing came from the server for heartbeat.") + (asks ? "timeout" : "silence") + " (50 ms)",
        peer.port());
  }
}

TEST_CASE("ending texts: an end by the application names it, and the server's answer") {
  for (const bool answers : {false, true}) {
    RawPeer peer;
    tidewire::Options options = to(peer.url());
    options.closeTimeout = answers ? 60s : 50ms;
    TestClient test(std::move(options));
    test.client().connect();
    const auto connection = peer.accept();
    connection->acceptWebSocket();
    test.awaitOpens(1);
    test.client().close(4000, "enough");
    CHECK(connection->readFrame().opcode == 8);
    if (answers) {
      connection->write(serverFrame(8, closePayload(4000, "")));
    }
    checkEnding(endingOf(test), CloseCause::ClosedByUser,
                answers ? "closed by close(), answered with 4000"
                        : "closed by close(); the server did not answer the Close frame within closeTimeout (50 ms)",
                peer.port());
  }
}

TEST_CASE("ending texts: a TLS failure has the name of the alert, or of the certificate error") {
  const std::string handshakeFailure("\x15\x03\x03\0\x02\x02\x28", 7);
  for (const Row& row : {Row{"an alert", handshakeFailure, CloseCause::ConnectFailed,
                             "the server ended TLS with the alert \"handshake failure\" (40)"},
                         Row{"no TLS", "HTTP/1.1 400 Bad Request\r\n\r\n", CloseCause::ConnectFailed,
                             "TLS failed: wrong version number; perhaps the server speaks no TLS at this port"}}) {
    CAPTURE(row.situation);
    RawPeer peer;
    TestClient test(to("wss" + peer.url().substr(2)));
    test.client().connect();
    const auto connection = peer.accept();
    connection->write(row.sent);
    checkEnding(endingOf(test), row.cause, row.text, peer.port());
  }

  struct Untrusted {
    const char* certificate;
    std::string host;
    tidewire::TlsOptions tls;
    std::string text;
  };
  const tidewire::TlsOptions trusting{.caFile = certificates().file("ca.pem")};
  for (const Untrusted& row :
       {Untrusted{"server", "localhost", {}, "unable to get local issuer certificate"},
        Untrusted{"other", "localhost", trusting, "hostname mismatch, it is not for \"localhost\""},
        Untrusted{"other", "127.0.0.1", trusting, "IP address mismatch, it is not for \"127.0.0.1\""}}) {
    CAPTURE(row.text);
    const std::string name = row.certificate;
    RawPeer peer(certificates().file((name + ".pem").c_str()), certificates().file((name + ".key").c_str()));
    tidewire::Options options = to("wss://" + row.host + ":" + std::to_string(peer.port()) + "/");
    options.tls = row.tls;
    TestClient test(std::move(options));
    test.client().connect();
    const auto connection = peer.accept();
    checkEnding(endingOf(test), CloseCause::UntrustedCertificate,
                "the server's certificate is not trusted: " + row.text, peer.port());
  }
}

TEST_CASE("ending texts: certificates that cannot be read are named") {
  const std::string key = certificates().file("ca.key");
  for (const auto& [tls, text] :
       {std::pair{tidewire::TlsOptions{.caFile = "/nonexistent/ca.pem"},
                  std::string("tls.caFile \"/nonexistent/ca.pem\" cannot be read: No such "
                              "file or directory")},
        std::pair{tidewire::TlsOptions{.caFile = key}, "tls.caFile \"" + key + "\" holds no certificate (PEM)"},
        std::pair{tidewire::TlsOptions{.caPem = "x"}, std::string("tls.caPem holds no certificate (PEM)")}}) {
    tidewire::Options options = to("wss://127.0.0.1:1/");
    options.tls = tls;
    TestClient test(std::move(options));
    test.client().connect();
    checkEnding(endingOf(test), CloseCause::Unavailable, text, 1);
  }
}
