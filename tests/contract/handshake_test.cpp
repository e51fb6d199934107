#include <string>

#include "contract_test.hpp"
#include "peer_client.hpp"

using namespace contract;
using namespace std::chrono_literals;
using tidewire::CloseCause;

namespace {

/// The attempt failed before it was open; a page cannot tell the two causes apart.
void checkNotOpened(const Log& log) {
  const tidewire::CloseInfo& info = log.closes.front();
  CHECK((info.cause == CloseCause::ConnectFailed || info.cause == CloseCause::HandshakeRefused));
  CHECK(info.code == 1006);
  CHECK(info.attempt == 1);
  CHECK_FALSE(info.wasOpen);
  CHECK(log.opens.empty());
  CHECK(log.messages.empty());
}

std::string statusPlay(int status) {
  return "/status?code=" + std::to_string(status);
}

}  // namespace

CONTRACT_TEST("handshake: an answer other than 101 is a failed attempt") {
  for (const int status : {200, 302, 401, 403, 404, 429, 500, 503}) {
    CAPTURE(status);
    checkNotOpened(playedOut(statusPlay(status)));
  }
}

CONTRACT_TEST("handshake: a refusal is reported with its status") {
  for (const int status : {200, 302, 401, 403, 404, 429, 500, 503}) {
    CAPTURE(status);
    const tidewire::CloseInfo info = playedOut(statusPlay(status)).closes.front();
    CHECK(info.cause == CloseCause::HandshakeRefused);
    CHECK(info.httpStatus == status);
    CHECK(info.willRetry == (status != 401 && status != 403));
    // The slow ones wait for at least half of maxDelay; of the others one may happen to.
    CHECK((info.retryIn >= 12h || (status != 200 && status != 302 && status != 404 && status != 429)));
  }
}

CONTRACT_TEST("handshake: a refusal whose status is hidden is tried again") {
  for (const int status : {401, 404, 429, 503}) {
    CAPTURE(status);
    const tidewire::CloseInfo info = playedOut(statusPlay(status)).closes.front();
    CHECK(info.cause == CloseCause::ConnectFailed);
    CHECK(info.httpStatus == 0);
    CHECK(info.willRetry);
  }
}

CONTRACT_TEST("handshake: the third 404 of an address that never opened is final") {
  tidewire::Options options = optionsForPeer(statusPlay(404));
  options.reconnect = {.firstDelay = 10ms, .maxDelay = 20ms};
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitCloses(3);
  const Log log = test.log();
  CHECK(test.client().state() == tidewire::State::Closed);
  for (const tidewire::CloseInfo& info : log.closes) {
    CHECK(info.httpStatus == 404);
    CHECK(info.willRetry == (info.attempt < 3));
    CHECK(info.neverOpened == (info.attempt == 3));
    CHECK((!info.willRetry || info.retryIn >= 10ms));
  }
}

CONTRACT_TEST("handshake: 404 for a whole deployment does not end a client that was open before") {
  tidewire::Options options = optionsForPeer("/deployment?name=old&refused=6");
  options.reconnect = {.firstDelay = 10ms, .maxDelay = 20ms};
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitOpens(1);
  CHECK(test.client().send("go") == tidewire::SendResult::Queued);
  test.awaitOpens(2);
  const Log log = test.log();
  CHECK(log.closes.size() == 7);
  for (const tidewire::CloseInfo& info : log.closes) {
    CHECK(info.willRetry);
  }
}

CONTRACT_TEST("handshake: silence at any step is given up after the connect timeout") {
  for (const char* play : {"/silent", "/silent-after-status", "/silent-after-headers"}) {
    CAPTURE(play);
    tidewire::Options options = optionsForPeer(play);
    options.connectTimeout = 150ms;
    const auto begun = world().now();
    const Log log = playedOut(std::move(options));
    CHECK(world().now() - begun >= 150ms);
    CHECK(log.closes.front().cause == CloseCause::ConnectTimeout);
    CHECK(log.closes.front().detail.starts_with("not open within connectTimeout (150 ms); still waiting for the "));
    CHECK(log.closes.front().willRetry);
    CHECK_FALSE(log.closes.front().wasOpen);
    CHECK(log.opens.empty());
  }
}

CONTRACT_TEST("handshake: silence instead of TLS is given up after the connect timeout") {
  tidewire::Options options = optionsForPeer("/silent");
  REQUIRE(options.url.starts_with("ws:"));
  options.url.replace(0, 3, "wss:");
  options.connectTimeout = 150ms;
  const auto begun = world().now();
  const Log log = playedOut(std::move(options));
  CHECK(world().now() - begun >= 150ms);
  CHECK(log.closes.front().cause == CloseCause::ConnectTimeout);
  CHECK(log.closes.front().willRetry);
  CHECK_FALSE(log.closes.front().wasOpen);
  CHECK(log.opens.empty());
}

CONTRACT_TEST("handshake: an answer that is not one is a failed attempt, and tried again") {
  for (const char* play : {"/garbage", "/hang-up", "/hang-up-amid-headers", "/reset"}) {
    CAPTURE(play);
    const Log log = playedOut(play);
    checkNotOpened(log);
    CHECK(log.closes.front().willRetry);
  }
}

CONTRACT_TEST("handshake: a 101 that breaks RFC 6455 is a failed attempt, and tried again") {
  for (const char* play : {"/wrong-accept", "/no-upgrade", "/extension"}) {
    CAPTURE(play);
    const Log log = playedOut(play);
    checkNotOpened(log);
    CHECK(log.closes.front().willRetry);
  }
}

CONTRACT_TEST("handshake: the subprotocol that the server chose is reported") {
  tidewire::Options options = optionsForPeer("/subprotocol?answer=two");
  options.subprotocols = {"one", "two"};
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitOpens(1);
  CHECK(test.log().opens.front().subprotocol == "two");
}

CONTRACT_TEST("handshake: a subprotocol other than those offered is refused") {
  tidewire::Options options = optionsForPeer("/subprotocol?answer=other");
  options.subprotocols = {"one", "two"};
  checkNotOpened(playedOut(std::move(options)));
}

CONTRACT_TEST("handshake: a subprotocol where none was offered is refused") {
  checkNotOpened(playedOut("/subprotocol?answer=other"));
}

CONTRACT_TEST("handshake: a server that chooses none of the subprotocols offered is refused") {
  tidewire::Options options = optionsForPeer("/subprotocol");
  options.subprotocols = {"one", "two"};
  checkNotOpened(playedOut(std::move(options)));
}
