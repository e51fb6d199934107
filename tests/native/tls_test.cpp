#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "contract/test_client.hpp"
#include "support/raw_peer.hpp"
#include "trust.hpp"

using namespace std::chrono_literals;
using contract::TestClient;
using support::RawPeer;
using tidewire::CloseCause;

namespace {

namespace fs = std::filesystem;

/// An authority and a certificate of its for localhost and 127.0.0.1, made when first needed and removed at the end.
class Certificates {
 public:
  Certificates() : folder_(fs::temp_directory_path() / ("tidewire-tls-" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
    std::ofstream(folder_ / "names") << "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n";
    std::ofstream(folder_ / "other-names") << "subjectAltName=DNS:elsewhere.test\n";
    run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj '/CN=Tidewire test authority'"
        " -keyout ca.key -out ca.pem");
    issue("server", "names");
    issue("other", "other-names");
  }
  ~Certificates() { fs::remove_all(folder_); }

  [[nodiscard]] std::string file(const char* name) const { return folder_ / name; }
  [[nodiscard]] std::string text(const char* name) const {
    std::ostringstream all;
    all << std::ifstream(file(name)).rdbuf();
    return all.str();
  }

 private:
  void issue(const std::string& name, const std::string& extensions) {
    run("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=" + name + " -keyout " + name +
        ".key -out " + name + ".csr");
    run("x509 -req -in " + name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile " + extensions +
        " -out " + name + ".pem");
  }

  void run(const std::string& arguments) {
    const std::string command = "cd '" + folder_.string() + "' && openssl " + arguments + " 2>openssl.log";
    if (std::system(command.c_str()) != 0) {
      MESSAGE(text("openssl.log"));
      std::abort();
    }
  }

  fs::path folder_;
};

const Certificates& certificates() {
  static const Certificates instance;
  return instance;
}

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

TEST_CASE("tls: an unknown authority is not trusted, whoever else trusts it") {
  RawPeer peer(certificates().file("server.pem"), certificates().file("server.key"));
  checkUntrusted(peer, localhost(peer), {});
  checkUntrusted(peer, localhost(peer), {.caPem = certificates().text("other.pem")});
}

TEST_CASE("tls: a certificate for another name is not trusted") {
  RawPeer peer(certificates().file("other.pem"), certificates().file("other.key"));
  checkUntrusted(peer, localhost(peer), {.caFile = certificates().file("ca.pem")});
  checkUntrusted(peer, peer.url(), {.caFile = certificates().file("ca.pem")});
}

TEST_CASE("tls: the hello asks for the host, without a final dot, and never for an address") {
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
  REQUIRE(tidewire::native::trustFor({}) != nullptr);
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

TEST_CASE("tls: clients with the same certificates share what they trust, wherever those come from") {
  const std::string pem = certificates().text("ca.pem");
  const auto first = tidewire::native::trustFor({.caPem = pem});
  CHECK(tidewire::native::trustFor({.caPem = pem}) == first);
  CHECK(tidewire::native::trustFor({.caPem = pem + "\n"}) != first);
  const auto byFile = tidewire::native::trustFor({.caFile = certificates().file("ca.pem")});
  CHECK(tidewire::native::trustFor({.caFile = certificates().file("ca.pem")}) == byFile);
  CHECK(tidewire::native::trustFor({}) == tidewire::native::trustFor({}));
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

TEST_CASE("tls: a server that does not speak it is a failed attempt that says so") {
  RawPeer peer;
  TestClient test(trusting("wss://127.0.0.1:" + std::to_string(peer.port()) + "/", {}));
  test.client().connect();
  const auto connection = peer.accept();
  connection->write("HTTP/1.1 400 Bad Request\r\n\r\n");
  test.awaitCloses(1);
  CHECK(test.log().closes[0].cause == CloseCause::ConnectFailed);
  CHECK_FALSE(test.log().closes[0].detail.empty());
}

TEST_CASE("tls: an authority that cannot be read ends the attempt for good, and says so") {
  for (const tidewire::TlsOptions& tls :
       {tidewire::TlsOptions{.caFile = "/nonexistent/ca.pem"}, tidewire::TlsOptions{.caPem = "not a certificate"}}) {
    TestClient test(trusting("wss://127.0.0.1:1/", tls));
    test.client().connect();
    test.awaitCloses(1);
    CHECK(test.log().closes[0].cause == CloseCause::Unavailable);
    CHECK_FALSE(test.log().closes[0].willRetry);
  }
}
