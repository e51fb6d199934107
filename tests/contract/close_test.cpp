#include <string>
#include <vector>

#include "contract_test.hpp"

using namespace contract;
using namespace std::chrono_literals;
using tidewire::CloseCause;
using tidewire::CloseResult;
using tidewire::ConnectResult;
using tidewire::State;

namespace {

std::vector<State> statesOf(const Log& log) {
  std::vector<State> states;
  for (const tidewire::StateChange& change : log.changes) {
    states.push_back(change.to);
  }
  return states;
}

}  // namespace

CONTRACT_TEST("close: ours ends the connection with our code and no retry") {
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  test.awaitOpens(1);
  CHECK(test.client().close(4000, "done") == CloseResult::Accepted);
  test.awaitState(State::Closed);
  test.awaitCloses(1);
  const Log log = test.log();
  CHECK(log.closes.size() == 1);
  CHECK(log.closes[0].cause == CloseCause::ClosedByUser);
  CHECK(log.closes[0].code == 4000);
  CHECK(log.closes[0].detail.starts_with("closed by close(), answered with 4000"));
  CHECK(log.closes[0].wasOpen);
  CHECK_FALSE(log.closes[0].willRetry);
  CHECK(log.order.back() == "close");
  CHECK(statesOf(log) == std::vector{State::Connecting, State::Open, State::Closing, State::Closed});
  CHECK(test.client().state() == State::Closed);
}

CONTRACT_TEST("close: the peer's brings its code and reason, and a retry") {
  TestClient test(optionsFor("/close?code=4001&reason=tides%20turn"));
  test.client().connect();
  test.awaitCloses(1);
  const tidewire::CloseInfo info = test.log().closes.front();
  CHECK(info.cause == CloseCause::ClosedByPeer);
  CHECK(info.code == 4001);
  CHECK(info.reason == "tides turn");
  CHECK(info.detail == "closed by the server: 4001, \"tides turn\"");
  CHECK(test.client().flightRecord().find(info.detail) != std::string::npos);
  CHECK(info.wasOpen);
  CHECK(info.willRetry);
  CHECK(info.retryIn <= 20ms);
  test.awaitOpens(2);
}

CONTRACT_TEST("close: the peer's 1008 is final") {
  TestClient test(optionsFor("/close?code=1008&reason=no"));
  test.client().connect();
  test.awaitCloses(1);
  CHECK(test.log().closes.front().code == 1008);
  CHECK_FALSE(test.log().closes.front().willRetry);
  CHECK(test.client().state() == State::Closed);
}

CONTRACT_TEST("close: the peer's code that the options call final is final") {
  tidewire::Options options = optionsFor("/close?code=4001&reason=no");
  options.reconnect.finalCodes = {4001};
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitCloses(1);
  CHECK_FALSE(test.log().closes.front().willRetry);
}

CONTRACT_TEST("close: while connecting, the attempt ends in one close event") {
  TestClient test(optionsFor("/echo"));
  CHECK(test.client().connect() == ConnectResult::Started);
  CHECK(test.client().close() == CloseResult::Accepted);
  test.awaitState(State::Closed);
  test.awaitCloses(1);
  CHECK(test.log().closes.size() == 1);
  CHECK(test.log().closes[0].cause == CloseCause::ClosedByUser);
}

CONTRACT_TEST("close: while waiting to retry, nothing follows but the state") {
  world().killServer();
  tidewire::Options options = optionsFor("/echo");
  options.reconnect = {.firstDelay = 1h, .maxDelay = 1h};
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitCloses(1);
  CHECK(test.client().state() == State::Waiting);
  CHECK(test.client().close() == CloseResult::Accepted);
  test.awaitState(State::Closed);
  CHECK(test.log().closes.size() == 1);
}

CONTRACT_TEST("close: messages queued while open are sent first") {
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  test.awaitOpens(1);
  for (int i = 0; i < 100; ++i) {
    CHECK(test.client().send(std::string(10'000, 'x')) == tidewire::SendResult::Queued);
  }
  CHECK(test.client().close() == CloseResult::Accepted);
  CHECK(test.client().send("late") == tidewire::SendResult::Closed);
  test.awaitCloses(1);
  CHECK(test.log().closes[0].droppedMessages == 0);
}

CONTRACT_TEST("close: only codes and reasons that an application may send are accepted") {
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  test.awaitOpens(1);
  CHECK(test.client().close(1001) == CloseResult::InvalidCode);
  CHECK(test.client().close(2999) == CloseResult::InvalidCode);
  CHECK(test.client().close(5000) == CloseResult::InvalidCode);
  CHECK(test.client().close(3000, std::string(124, 'x')) == CloseResult::InvalidReason);
  CHECK(test.client().close(3000, "\xFF") == CloseResult::InvalidReason);
  CHECK(test.client().close(3000, std::string(123, 'x')) == CloseResult::Accepted);
  CHECK(test.client().close() == CloseResult::AlreadyClosed);
  test.awaitState(State::Closed);
}

CONTRACT_TEST("close: a client that never connected has nothing to close") {
  TestClient test(optionsFor("/echo"));
  CHECK(test.client().close() == CloseResult::AlreadyClosed);
  CHECK(test.client().reconnect() == tidewire::ReconnectResult::Closed);
  CHECK(test.client().heartbeat() != tidewire::HeartbeatResult::Sent);
  CHECK(test.client().state() == State::Idle);
}

CONTRACT_TEST("connect: after the final close it starts afresh") {
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  test.awaitOpens(1);
  test.client().close();
  test.awaitCloses(1);
  CHECK(test.client().connect() == ConnectResult::Started);
  test.awaitOpens(2);
  CHECK(test.log().opens[1].attempt == 2);
}

CONTRACT_TEST("connect: while closing, the next attempt begins when the client has closed") {
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  test.awaitOpens(1);
  test.client().close();
  CHECK(test.client().connect() == ConnectResult::Started);
  CHECK(test.client().send("for the next one") == tidewire::SendResult::Queued);
  test.awaitOpens(2);
  test.awaitMessages(1);
  const Log log = test.log();
  CHECK(log.closes.size() == 1);
  CHECK(log.messages[0].payload == "for the next one");
}

CONTRACT_TEST("connect: inside the final close event it starts afresh") {
  TestClient test(optionsFor("/close?code=1008&reason=no"), {.onClose = [](TestClient& self) {
                    if (self.log().closes.size() == 1) {
                      CHECK(self.client().connect() == ConnectResult::Started);
                    }
                  }});
  test.client().connect();
  test.awaitCloses(2);
  CHECK(test.log().opens.size() == 2);
}

CONTRACT_TEST("connect: a second call changes nothing") {
  TestClient test(optionsFor("/echo"));
  CHECK(test.client().connect() == ConnectResult::Started);
  CHECK(test.client().connect() == ConnectResult::AlreadyStarted);
  test.awaitOpens(1);
  CHECK(test.client().connect() == ConnectResult::AlreadyStarted);
}

CONTRACT_TEST("connect: an invalid URL is refused at once") {
  for (const char* url : {"", "http://127.0.0.1/", "ws://", "ws://host/#fragment", "ws://host:0/", "ws://host:70000/",
                          "ws://host/ space", "ws://h\u00F6st/", "wss//host", "ws://host/%zz"}) {
    CAPTURE(url);
    TestClient test({.url = url});
    CHECK(test.client().connect() == ConnectResult::InvalidUrl);
    CHECK(test.client().state() == State::Idle);
  }
}

CONTRACT_TEST("connect: an invalid subprotocol is refused at once") {
  for (const char* name : {"", "two words", "a,b", "na\u00EFve"}) {
    CAPTURE(name);
    tidewire::Options options = optionsFor("/echo");
    options.subprotocols = {name};
    TestClient test(std::move(options));
    CHECK(test.client().connect() == ConnectResult::InvalidSubprotocol);
  }
}
