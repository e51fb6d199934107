#include <string>
#include <vector>

#include "contract_test.hpp"
#include "peer_client.hpp"

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
  CHECK(log.closes[0].cause == CloseCause::ReconnectRequested);
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
  world().continueServer();
  test.awaitOpens(2);
  CHECK(test.log().messages.empty());
}

CONTRACT_TEST("heartbeat: a text brings a round trip, and its answer is no message") {
  tidewire::Options options = optionsFor("/echo");
  options.heartbeat = {.interval = 0ms, .timeout = 10s, .message = "alive?", .answer = "alive?"};
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitOpens(1);
  CHECK(test.client().heartbeat() == HeartbeatResult::Sent);
  test.awaitHeartbeats(1);
  CHECK(test.log().heartbeats[0].roundTrip > 0us);
  CHECK(test.log().heartbeats[0].roundTrip < 10s);
  // The same text is a message when no probe is out.
  CHECK(test.client().send("alive?") == SendResult::Queued);
  test.awaitMessages(1);
  CHECK(test.log().messages[0].payload == "alive?");
}

CONTRACT_TEST("heartbeat: a numbered probe is answered by its number alone, and all else is a message") {
  tidewire::Options options = optionsForPeer("/chat");
  options.heartbeat = {.interval = 0ms, .timeout = 10s, .message = "ping {n}", .answer = "pong {n}"};
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitOpens(1);
  for (std::size_t i = 1; i <= 2; ++i) {
    CHECK(test.client().heartbeat() == HeartbeatResult::Sent);
    test.awaitHeartbeats(i);
  }
  test.awaitMessages(4);
  const Log log = test.log();
  CHECK(log.heartbeats.size() == 2);
  REQUIRE(log.messages.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(log.messages[i].payload == (i % 2 == 0 ? "pong" : "pong 1"));
  }
}

CONTRACT_TEST("heartbeat: a number in the probe and none in the answer is no option") {
  tidewire::Options options = optionsFor("/echo");
  options.heartbeat.message = "ping {n}";
  options.heartbeat.answer = "pong";
  TestClient test(std::move(options));
  CHECK(test.client().connect() == tidewire::ConnectResult::InvalidOption);
  CHECK(test.client().connectFault().starts_with("heartbeat.answer: "));
}

CONTRACT_TEST("heartbeat: a WebSocket Ping brings a round trip") {
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  test.awaitOpens(1);
  CHECK(test.client().heartbeat() == HeartbeatResult::Sent);
  test.awaitHeartbeats(1);
  CHECK(test.log().heartbeats[0].roundTrip > 0us);
}

CONTRACT_TEST("heartbeat: a client that cannot send any warns once in the log, when it opens") {
  struct Row {
    tidewire::HeartbeatOptions heartbeat;
    std::size_t warnings;
  };
  for (const Row& row : {Row{{}, 1}, Row{{.interval = 0ms}, 0}, Row{{.silence = 1h}, 0},
                         Row{{.message = "alive?", .answer = "alive?"}, 0}}) {
    std::vector<std::string> warnings;
    tidewire::Options options = optionsFor("/echo");
    options.heartbeat = row.heartbeat;
    options.log.sink = [&warnings](const tidewire::LogRecord& record) {
      if (record.text.find("no heartbeat") != std::string::npos) {
        CHECK(record.level == tidewire::LogLevel::Warning);
        warnings.emplace_back(record.text);
      }
    };
    TestClient test(std::move(options));
    test.client().connect();
    test.awaitOpens(1);
    test.client().reconnect();
    test.awaitOpens(2);
    CHECK(warnings.size() == row.warnings);
  }
}

CONTRACT_TEST("connect: without a WebSocket the attempt ends as unavailable, until there is one") {
  world().setHasWebSocket(false);
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  test.awaitCloses(1);
  const tidewire::CloseInfo info = test.log().closes.front();
  CHECK(info.cause == CloseCause::Unavailable);
  CHECK_FALSE(info.willRetry);
  CHECK(info.detail.find("no WebSocket here") != std::string::npos);
  world().setHasWebSocket(true);
  CHECK(test.client().connect() == tidewire::ConnectResult::Started);
  test.awaitOpens(1);
  CHECK(test.log().closes.size() == 1);
}

CONTRACT_TEST("heartbeat: without Ping and message it is unsupported") {
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  test.awaitOpens(1);
  CHECK(test.client().heartbeat() == HeartbeatResult::Unsupported);
}
