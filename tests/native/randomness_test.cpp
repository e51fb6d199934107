// What replaces OpenSSL's generator is deprecated, and the only way to make it fail.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <doctest/doctest.h>
#include <openssl/rand.h>

#include "contract/test_client.hpp"
#include "support/raw_peer.hpp"

using namespace std::chrono_literals;
using contract::TestClient;
using tidewire::CloseCause;

namespace {

/// OpenSSL has no randomness between `begin` and `end`.
struct NoRandomness {
  static void begin() {
    static const RAND_METHOD failing = {nullptr, [](unsigned char*, int) { return 0; }, nullptr,
                                        nullptr, [](unsigned char*, int) { return 0; }, [] { return 0; }};
    RAND_set_rand_method(&failing);
  }
  static void end() { RAND_set_rand_method(nullptr); }
};

}  // namespace

TEST_CASE("handshake: without randomness for its key an attempt fails, and a later one works") {
  support::RawPeer peer;
  TestClient test({.endpoint =
                       [&](const tidewire::EndpointRequest& request) {
                         request.attempt() == 1 ? NoRandomness::begin() : NoRandomness::end();
                         request.answer({.url = peer.url()});
                       },
                   .heartbeat = {.interval = 0ms},
                   .reconnect = {.firstDelay = 1ms, .maxDelay = 1ms}});
  test.client().connect();
  test.awaitCloses(1);
  CHECK(test.log().closes[0].cause == CloseCause::ConnectFailed);
  CHECK(test.log().closes[0].detail.find("randomness") != std::string::npos);
  CHECK(test.log().closes[0].willRetry);
  const auto connection = peer.accept();
  connection->acceptWebSocket();
  test.awaitOpens(1);
}
