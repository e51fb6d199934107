#include <string>

#include "contract_test.hpp"

using namespace contract;
using namespace std::chrono_literals;
using tidewire::CloseCause;
using tidewire::SendResult;
using tidewire::State;

CONTRACT_TEST("silence: the connection to a silent peer ends, even without heartbeats") {
  tidewire::Options options = optionsFor("/echo");
  options.heartbeat.silence = 100ms;
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitCloses(1);
  CHECK(test.log().closes[0].cause == CloseCause::HeartbeatTimeout);
  CHECK(test.log().closes[0].wasOpen);
  test.awaitOpens(2);
}

CONTRACT_TEST("silence: a peer that talks is kept") {
  tidewire::Options options = optionsFor("/ticker");
  options.heartbeat.silence = 5s;
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitMessages(5);
  CHECK(test.log().closes.empty());
}

CONTRACT_TEST("heartbeat: round trips are measured on a busy connection: the last, the smoothed, the least") {
  tidewire::Options options = optionsFor("/echo");
  options.heartbeat = {.interval = 20ms, .timeout = 10s, .message = "alive?", .answer = "alive?"};
  TestClient test(std::move(options), {.onMessage = [](TestClient& self, const Log::Received&) {
                    (void)self.client().send("never quiet");
                  }});
  CHECK(test.client().send("never quiet") == SendResult::Queued);
  test.client().connect();
  // Both at once: on a slow machine an echo may take longer than the interval.
  test.awaitMessages(4);
  test.awaitHeartbeats(3);
  const Log log = test.log();
  for (const tidewire::HeartbeatInfo& info : log.heartbeats) {
    CHECK(info.roundTrip > 0us);
    CHECK(info.roundTrips.last == info.roundTrip);
    CHECK(info.roundTrips.min <= info.roundTrip);
    CHECK(info.roundTrips.smoothed >= info.roundTrips.min);
  }
  CHECK(test.client().stats().roundTrips.has_value());
}

CONTRACT_TEST("reconnect: the time of Retry-After is added to the delay") {
  for (const std::string status : {"429", "503"}) {
    CAPTURE(status);
    tidewire::Options options = optionsFor("/echo");
    options.url = world().peerUrl("/status?code=" + status + "&retry-after=3600");
    options.reconnect.maxRetryAfter = 400ms;
    TestClient test(std::move(options));
    // Before the attempt: from a moment after its close event a busy machine may have taken some of the delay.
    const auto since = world().now();
    test.client().connect();
    test.awaitCloses(1);
    const tidewire::CloseInfo first = test.log().closes[0];
    CHECK(first.httpStatus == std::stoi(status));
    CHECK(first.willRetry);
    CHECK(first.retryIn >= 400ms);
    CHECK(first.retryIn <= 420ms);
    test.awaitCloses(2);
    CHECK(world().now() - since >= 400ms);
  }
}

CONTRACT_TEST("reconnect: after the last attempt that is allowed the client closes for good") {
  world().killServer();
  tidewire::Options options = optionsFor("/echo");
  options.reconnect.maxAttempts = 3;
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitState(State::Closed);
  test.awaitCloses(3);
  const Log log = test.log();
  CHECK(log.closes.size() == 3);
  CHECK(log.closes[1].willRetry);
  CHECK_FALSE(log.closes[1].neverOpened);
  CHECK_FALSE(log.closes[2].willRetry);
  CHECK(log.closes[2].neverOpened);
  CHECK(test.client().connect() == tidewire::ConnectResult::Started);
  test.awaitCloses(4);
  CHECK(test.log().closes[3].willRetry);
}
