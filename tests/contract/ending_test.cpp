#include <algorithm>
#include <string>

#include "contract_test.hpp"
#include "peer_client.hpp"

using namespace contract;
using namespace std::chrono_literals;
using tidewire::CloseCause;
using tidewire::State;

namespace {

void checkPeersCode(int code) {
  CAPTURE(code);
  const Log log = playedOut("/close?reason=tides%20turn&code=" + std::to_string(code));
  const tidewire::CloseInfo& info = log.closes.front();
  CHECK(info.cause == CloseCause::ClosedByPeer);
  CHECK(info.code == code);
  CHECK(info.reason == "tides turn");
  CHECK(info.wasOpen);
  CHECK(info.willRetry == (code != 1008 && code != 1009));
}

void checkLost(std::string_view play) {
  CAPTURE(play);
  const Log log = playedOut(play);
  const tidewire::CloseInfo& info = log.closes.front();
  CHECK(info.cause == CloseCause::ConnectionLost);
  CHECK(info.code == 1006);
  CHECK(info.wasOpen);
  CHECK(info.willRetry);
  CHECK(log.messages.empty());
}

}  // namespace

CONTRACT_TEST("ending: every code of RFC 6455 and of applications is reported as the peer sent it") {
  for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999}) {
    checkPeersCode(code);
  }
}

CONTRACT_TEST("ending: the codes registered since RFC 6455 are reported as the peer sent them") {
  for (const int code : {1012, 1013, 1014}) {
    checkPeersCode(code);
  }
}

CONTRACT_TEST("ending: a Close frame without a code is reported as 1005") {
  const tidewire::CloseInfo info = playedOut("/close").closes.front();
  CHECK(info.cause == CloseCause::ClosedByPeer);
  CHECK(info.code == 1005);
  CHECK(info.reason.empty());
  CHECK(info.willRetry);
}

CONTRACT_TEST("ending: a code that no Close frame may carry is a violation") {
  for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535}) {
    CAPTURE(code);
    const tidewire::CloseInfo info = playedOut("/close?code=" + std::to_string(code)).closes.front();
    CHECK(info.cause == CloseCause::ProtocolError);
    CHECK(info.code == 1002);
    CHECK(info.willRetry);
  }
}

CONTRACT_TEST("ending: a message before the Close frame is delivered before the close event") {
  const Log log = playedOut("/close?code=1000&text=the%20last");
  CHECK(log.messages.size() == 1);
  CHECK(log.messages.front().payload == "the last");
  CHECK(log.closes.front().code == 1000);
}

CONTRACT_TEST("ending: a stream that ends without a Close frame is a lost connection") {
  checkLost("/half-close");
  checkLost("/reset-after-open");
}

CONTRACT_TEST("ending: a message that is cut off is never delivered") {
  checkLost("/half-close-amid-message");
  checkLost("/half-close-amid-fragments");
}

CONTRACT_TEST("ending: a server that closes at once after each open is tried more and more slowly") {
  constexpr std::size_t kAttempts = 8;
  constexpr auto kFirstDelay = 4ms;
  tidewire::Options options = optionsForPeer("/close-at-once");
  options.reconnect = {.firstDelay = kFirstDelay, .maxDelay = 256ms};
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitCloses(kAttempts);
  const Log log = test.log();
  auto longest = 0ms;
  for (std::size_t i = 0; i < kAttempts; ++i) {
    CAPTURE(i);
    const tidewire::CloseInfo& info = log.closes[i];
    CHECK(info.cause == CloseCause::ClosedByPeer);
    CHECK(info.code == 1001);
    CHECK(info.attempt == i + 1);
    CHECK(info.willRetry);
    CHECK(info.retryIn <= kFirstDelay * (1 << i));
    longest = std::max(longest, info.retryIn);
  }
  // Each wait is random; that none of eight exceeds the first's ceiling has a chance of one in a hundred million.
  CHECK(longest > kFirstDelay);
}

CONTRACT_TEST("ending: a black hole is noticed by the heartbeat, and tried again") {
  tidewire::Options options = optionsForPeer("/black-hole");
  options.heartbeat = {.interval = 100ms, .timeout = 200ms, .message = "alive?", .answer = "yes"};
  const Log log = playedOut(std::move(options));
  CHECK(log.closes.front().cause == CloseCause::HeartbeatTimeout);
  CHECK(log.closes.front().detail == "nothing came from the server for heartbeat.timeout (200 ms)");
  CHECK(log.closes.front().wasOpen);
  CHECK(log.closes.front().willRetry);
}

CONTRACT_TEST("ending: close() gives a black hole up after the close timeout") {
  tidewire::Options options = optionsForPeer("/black-hole");
  options.closeTimeout = 200ms;
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitOpens(1);
  const auto begun = world().now();
  CHECK(test.client().close(4000, "enough") == tidewire::CloseResult::Accepted);
  test.awaitCloses(1);
  CHECK(world().now() - begun >= 200ms);
  CHECK(test.log().closes.size() == 1);
  CHECK(test.log().closes.front().cause == CloseCause::ClosedByUser);
  CHECK_FALSE(test.log().closes.front().willRetry);
  CHECK(test.client().state() == State::Closed);
}
