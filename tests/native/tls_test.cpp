#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "contract/test_client.hpp"
#include "support/certificates.hpp"
#include "support/raw_peer.hpp"
#include "trust.hpp"

using namespace std::chrono_literals;
using contract::TestClient;
using support::certificates;
using support::RawPeer;
using tidewire::CloseCause;

namespace {

tidewire::Options trusting(const std::string& url, tidewire::TlsOptions tls) {
  return {.url = url, .heartbeat = {.interval = 0ms}, .reconnect = {.enabled = false}, .tls = std::move(tls)};
}

void checkEcho(RawPeer& peer, const std::string& url, tidewire::TlsOptions tls) {
  TestClient test(trusting(url, std::move(tls)));
  test.client().connect();
  const auto connection = peer.accept();
  REQUIRE(connection->secured());
  connection->acceptWebSocket();
  const std::string large(1024 * 1024, 'x');
  CHECK(test.client().send("over TLS") == tidewire::SendResult::Queued);
  CHECK(test.client().send(large) == tidewire::SendResult::Queued);
  CHECK(connection->readFrame().payload == "over TLS");
  CHECK(connection->readFrame().payload == large);
  connection->write(support::serverFrame(1, "and back") + support::serverFrame(1, large));
  test.awaitMessages(2);
  CHECK(test.log().messages[0].payload == "and back");
  CHECK(test.log().messages[1].payload == large);
  const tidewire::HandshakeTimes times = test.log().opens[0].times;
  REQUIRE(times.tls.has_value());
  CHECK(*times.tls > 0us);
  CHECK_FALSE(times.lookUp.has_value());
  test.client().close();
  CHECK(connection->readFrame().opcode == 8);
}

void checkUntrusted(RawPeer& peer, const std::string& url, tidewire::TlsOptions tls) {
  TestClient test(trusting(url, std::move(tls)));
  test.client().connect();
  const auto connection = peer.accept();
  test.awaitCloses(1);
  CHECK(test.log().closes[0].cause == CloseCause::UntrustedCertificate);
  CHECK_FALSE(test.log().closes[0].detail.empty());
  CHECK(connection->readRequest().empty());
}

std::string localhost(const RawPeer& peer) {
  return "wss://localhost:" + std::to_string(peer.port()) + "/";
}

}  // namespace

TEST_CASE("tls: a certificate of an authority given by file is trusted, by name and by address") {
  RawPeer peer(certificates().file("server.pem"), certificates().file("server.key"));
  checkEcho(peer, localhost(peer), {.caFile = certificates().file("ca.pem")});
  checkEcho(peer, peer.url(), {.caFile = certificates().file("ca.pem")});
}

TEST_CASE("tls: a certificate of an authority given by memory is trusted") {
  RawPeer peer(certificates().file("server.pem"), certificates().file("server.key"));
  checkEcho(peer, localhost(peer), {.caPem = certificates().text("ca.pem")});
}

TEST_CASE("tls: every certificate of a PEM text counts, wherever it stands") {
  RawPeer peer(certificates().file("server.pem"), certificates().file("server.key"));
  checkEcho(peer, localhost(peer), {.caPem = certificates().text("other.pem") + certificates().text("ca.pem")});
}

TEST_CASE("tls: an unknown authority is not trusted, even if another client trusts it") {
  RawPeer peer(certificates().file("server.pem"), certificates().file("server.key"));
  checkUntrusted(peer, localhost(peer), {});
  checkUntrusted(peer, localhost(peer), {.caPem = certificates().text("other.pem")});
}

TEST_CASE("tls: a certificate for another name is not trusted") {
  RawPeer peer(certificates().file("other.pem"), certificates().file("other.key"));
  checkUntrusted(peer, localhost(peer), {.caFile = certificates().file("ca.pem")});
  checkUntrusted(peer, peer.url(), {.caFile = certificates().file("ca.pem")});
}

TEST_CASE("tls: SNI names the host, without a final dot, and never an address") {
  const auto namedBy = [](const std::string& host, const char* address) {
    RawPeer peer(certificates().file("server.pem"), certificates().file("server.key"), address);
    const std::string authority = host + ":" + std::to_string(peer.port());
    TestClient test(trusting("wss://" + authority + "/", {.caFile = certificates().file("ca.pem")}));
    test.client().connect();
    const auto connection = peer.accept();
    CHECK(connection->secured());
    // The Host header keeps the dot, as curl's and browsers' do.
    CHECK(connection->acceptWebSocket().find("\r\nHost: " + authority + "\r\n") != std::string::npos);
    test.awaitOpens(1);
    return connection->serverName();
  };
  CHECK(namedBy("localhost", "127.0.0.1") == "localhost");
  CHECK(namedBy("localhost.", "127.0.0.1") == "localhost");
  CHECK(namedBy("127.0.0.1", "127.0.0.1") == "");
  CHECK(namedBy("[::1]", "::1") == "");
  CHECK(namedBy("[0:0:0:0:0:0:0:1]", "::1") == "");
}

TEST_CASE("tls: two hundred clients with certificates of their own leave none of them behind") {
  // The system's own stays; it is read by the first client that needs one.
  REQUIRE(tidewire::native::trustFor({}).context != nullptr);
  contract::pumpUntil("those of earlier tests are gone", [] { return tidewire::native::trustCount() == 1; });
  for (int i = 0; i < 200; ++i) {
    TestClient test(
        trusting("wss://127.0.0.1:1/", {.caPem = std::to_string(i) + "\n" + certificates().text("ca.pem")}));
    test.client().connect();
    test.awaitCloses(1);
    CHECK(test.log().closes[0].cause == CloseCause::ConnectFailed);
    CHECK(tidewire::native::trustCount() <= 4);
  }
  contract::pumpUntil("the last is gone", [] { return tidewire::native::trustCount() == 1; });
}

TEST_CASE("tls: clients with the same certificates share a context, whatever their source") {
  const std::string pem = certificates().text("ca.pem");
  const auto first = tidewire::native::trustFor({.caPem = pem}).context;
  CHECK(tidewire::native::trustFor({.caPem = pem}).context == first);
  CHECK(tidewire::native::trustFor({.caPem = pem + "\n"}).context != first);
  const auto byFile = tidewire::native::trustFor({.caFile = certificates().file("ca.pem")}).context;
  CHECK(tidewire::native::trustFor({.caFile = certificates().file("ca.pem")}).context == byFile);
  CHECK(tidewire::native::trustFor({}).context == tidewire::native::trustFor({}).context);
}

TEST_CASE("tls: a file of authorities that was replaced counts from the next attempt on") {
  RawPeer peer(certificates().file("server.pem"), certificates().file("server.key"));
  const std::string file = certificates().file("replaced.pem");
  std::ofstream(file) << certificates().text("other.pem");
  TestClient test(trusting(localhost(peer), {.caFile = file}));
  test.client().connect();
  CHECK_FALSE(peer.accept()->secured());
  test.awaitCloses(1);
  CHECK(test.log().closes[0].cause == CloseCause::UntrustedCertificate);

  std::ofstream(file) << certificates().text("ca.pem");
  test.client().connect();
  const auto connection = peer.accept();
  REQUIRE(connection->secured());
  connection->acceptWebSocket();
  test.awaitOpens(1);
}

TEST_CASE("tls: a server that ends TLS without a Close frame has ended the connection") {
  RawPeer peer(certificates().file("server.pem"), certificates().file("server.key"));
  TestClient test(trusting(peer.url(), {.caFile = certificates().file("ca.pem")}));
  test.client().connect();
  const auto connection = peer.accept();
  connection->acceptWebSocket();
  test.awaitOpens(1);
  connection->write(support::serverFrame(1, "the last"));
  connection->endTls();
  test.awaitCloses(1);
  CHECK(test.log().messages.size() == 1);
  CHECK(test.log().closes[0].cause == CloseCause::ConnectionLost);
}

TEST_CASE("tls: a server without TLS is a failed attempt whose detail names it") {
  RawPeer peer;
  TestClient test(trusting("wss://127.0.0.1:" + std::to_string(peer.port()) + "/", {}));
  test.client().connect();
  const auto connection = peer.accept();
  connection->write("HTTP/1.1 400 Bad Request\r\n\r\n");
  test.awaitCloses(1);
  CHECK(test.log().closes[0].cause == CloseCause::ConnectFailed);
  CHECK_FALSE(test.log().closes[0].detail.empty());
}

TEST_CASE("tls: an unreadable authority ends the attempt for good, and the detail names it") {
  for (const tidewire::TlsOptions& tls :
       {tidewire::TlsOptions{.caFile = "/nonexistent/ca.pem"}, tidewire::TlsOptions{.caPem = "not a certificate"}}) {
    TestClient test(trusting("wss://127.0.0.1:1/", tls));
    test.client().connect();
    test.awaitCloses(1);
    CHECK(test.log().closes[0].cause == CloseCause::Unavailable);
    CHECK_FALSE(test.log().closes[0].willRetry);
  }
}
