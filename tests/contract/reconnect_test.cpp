#include <string>

#include "contract_test.hpp"

using namespace contract;
using namespace std::chrono_literals;
using tidewire::CloseCause;
using tidewire::HeartbeatResult;
using tidewire::SendResult;
using tidewire::State;

CONTRACT_TEST("connect: a refused connection is reported, and tried again") {
  world().killServer();
  TestClient test(optionsFor("/echo"));
  CHECK(test.outsideCallbacks([&] { return test.client().connect(); }) == tidewire::ConnectResult::Started);
  test.awaitCloses(3);
  const Log log = test.log();
  for (const tidewire::CloseInfo& info : log.closes) {
    CHECK(info.cause == CloseCause::ConnectFailed);
    CHECK(info.code == 1006);
    CHECK_FALSE(info.wasOpen);
    CHECK(info.willRetry);
  }
  CHECK(log.closes[0].retryIn <= 20ms);
  CHECK(log.closes[1].retryIn <= 40ms);
  CHECK(log.closes[2].attempt == 3);
  CHECK(log.opens.empty());
  CHECK(test.callbacksInsideCalls() == 0);
}

CONTRACT_TEST("connect: without reconnecting, a refused connection is final") {
  world().killServer();
  tidewire::Options options = optionsFor("/echo");
  options.reconnect.enabled = false;
  TestClient test(std::move(options));
  CHECK(test.client().send("never") == SendResult::Queued);
  test.client().connect();
  test.awaitCloses(1);
  CHECK_FALSE(test.log().closes[0].willRetry);
  CHECK(test.log().closes[0].droppedMessages == 1);
  CHECK(test.client().state() == State::Closed);
  CHECK(test.client().send("never") == SendResult::Closed);
}

CONTRACT_TEST("reconnect: a server that is killed and started again is found again") {
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  test.awaitOpens(1);
  CHECK(test.log().opens[0].reconnects == 0);

  world().killServer();
  test.awaitCloses(1);
  CHECK(test.log().closes[0].cause == CloseCause::ConnectionLost);
  CHECK(test.log().closes[0].code == 1006);
  CHECK(test.log().closes[0].wasOpen);
  CHECK(test.client().send("sent while away") == SendResult::Queued);

  world().restartServer();
  test.awaitOpens(2);
  test.awaitMessages(1);
  const Log log = test.log();
  CHECK(log.opens[1].reconnects == 1);
  CHECK(log.opens[1].attempt == log.closes.size() + 1);
  CHECK(log.messages[0].payload == "sent while away");
}

CONTRACT_TEST("reconnect: reconnect() drops the connection and makes another at once") {
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  test.awaitOpens(1);
  CHECK(test.client().reconnect() == tidewire::ReconnectResult::Started);
  test.awaitOpens(2);
  const Log log = test.log();
  CHECK(log.closes.size() == 1);
  CHECK(log.closes[0].cause == CloseCause::ReconnectAsked);
  CHECK(log.closes[0].willRetry);
  CHECK(log.closes[0].retryIn == 0ms);
}

CONTRACT_TEST("reconnect: reconnect() ends a wait") {
  world().killServer();
  tidewire::Options options = optionsFor("/echo");
  options.reconnect = {.firstDelay = 1h, .maxDelay = 1h};
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitCloses(1);
  world().restartServer();
  test.client().reconnect();
  test.awaitOpens(1);
  CHECK(test.log().closes.size() == 1);
}

CONTRACT_TEST("heartbeat: a server that goes silent is noticed") {
  tidewire::Options options = optionsFor("/echo");
  options.heartbeat = {.interval = 100ms, .timeout = 300ms, .message = "alive?", .answer = "alive?"};
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitHeartbeats(2);
  world().freezeServer();
  test.awaitCloses(1);
  CHECK(test.log().closes[0].cause == CloseCause::HeartbeatTimeout);
  CHECK(test.log().closes[0].wasOpen);
  CHECK(test.log().closes[0].willRetry);
  world().thawServer();
  test.awaitOpens(2);
  CHECK(test.log().messages.empty());
}

CONTRACT_TEST("heartbeat: a text brings a round trip, and its answer is no message") {
  tidewire::Options options = optionsFor("/echo");
  options.heartbeat = {.interval = 0ms, .timeout = 10s, .message = "alive?", .answer = "alive?"};
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitOpens(1);
  CHECK(test.client().heartbeat() == HeartbeatResult::Asked);
  test.awaitHeartbeats(1);
  CHECK(test.log().heartbeats[0].roundTrip > 0us);
  CHECK(test.log().heartbeats[0].roundTrip < 10s);
  // The same text is a message when no question is out.
  CHECK(test.client().send("alive?") == SendResult::Queued);
  test.awaitMessages(1);
  CHECK(test.log().messages[0].payload == "alive?");
}

CONTRACT_TEST("heartbeat: a WebSocket Ping brings a round trip") {
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  test.awaitOpens(1);
  CHECK(test.client().heartbeat() == HeartbeatResult::Asked);
  test.awaitHeartbeats(1);
  CHECK(test.log().heartbeats[0].roundTrip > 0us);
}

CONTRACT_TEST("heartbeat: without anything to ask with it is unsupported") {
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  test.awaitOpens(1);
  CHECK(test.client().heartbeat() == HeartbeatResult::Unsupported);
}
