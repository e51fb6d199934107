#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "contract_test.hpp"

using namespace contract;
using namespace std::chrono_literals;
using tidewire::SendResult;
using tidewire::State;

namespace {

/// Runs a client that destroys itself in one of its callbacks, and requires that no callback follows.
void checkDestroyed(Reactions reactions, const std::string& lastEvent) {
  tidewire::Options options = optionsFor("/echo");
  options.heartbeat = {.interval = 50ms, .timeout = 10s, .message = "alive?", .answer = "alive?"};
  TestClient test(std::move(options), std::move(reactions));
  CHECK(test.client().send("hello") == SendResult::Queued);
  test.client().connect();
  test.awaitDestroyed();
  const std::size_t events = test.log().order.size();
  CHECK(test.log().order.back() == lastEvent);
  // Another client's whole exchange gives the first one every chance to do something wrong.
  TestClient other(optionsFor("/echo"));
  other.client().connect();
  CHECK(other.client().send("hello") == SendResult::Queued);
  other.awaitMessages(1);
  CHECK(test.log().order.size() == events);
}

}  // namespace

CONTRACT_TEST("destroy: inside onOpen") {
  checkDestroyed({.onOpen = [](TestClient& self) { self.destroy(); }}, "open");
}

CONTRACT_TEST("destroy: inside onMessage") {
  checkDestroyed({.onMessage = [](TestClient& self, const Log::Received&) { self.destroy(); }}, "message");
}

CONTRACT_TEST("destroy: inside onHeartbeat") {
  checkDestroyed({.onHeartbeat = [](TestClient& self) { self.destroy(); }}, "heartbeat");
}

CONTRACT_TEST("destroy: inside onDrain") {
  checkDestroyed({.onDrain = [](TestClient& self) { self.destroy(); }}, "drain");
}

CONTRACT_TEST("destroy: inside onDropped, before the close event that would follow") {
  world().killServer();
  tidewire::Options options = optionsFor("/echo");
  options.reconnect.enabled = false;
  TestClient test(std::move(options), {.onDropped = [](TestClient& self) { self.destroy(); }});
  CHECK(test.client().send("never") == SendResult::Queued);
  test.client().connect();
  test.awaitDestroyed();
  CHECK(test.log().order.back() == "dropped");
}

CONTRACT_TEST("destroy: inside the endpoint function, and inside the log's sink") {
  for (const bool inSink : {false, true}) {
    CAPTURE(inSink);
    TestClient* self = nullptr;
    tidewire::Options options = optionsFor("/echo");
    if (inSink) {
      options.log = {.level = tidewire::LogLevel::Info, .sink = [&](const tidewire::LogRecord&) { self->destroy(); }};
    } else {
      options.endpoint = [&](const tidewire::EndpointRequest&) { self->destroy(); };
    }
    TestClient test(std::move(options));
    self = &test;
    test.client().connect();
    if (inSink) {
      // On the loop's thread, whoever polls: so nothing of the client's is called here any more.
      pumpUntil("destroyed", [&] { return test.destroyed(); });
    } else {
      test.awaitDestroyed();
    }
    CHECK(test.log().opens.empty());
  }
}

CONTRACT_TEST("destroy: inside onClose, when the connection is lost") {
  checkDestroyed({.onOpen = [](TestClient& self) { self.client().reconnect(); },
                  .onClose = [](TestClient& self) { self.destroy(); }},
                 "close");
}

CONTRACT_TEST("destroy: inside onClose, when the client has closed") {
  checkDestroyed(
      {.onOpen = [](TestClient& self) { self.client().close(); }, .onClose = [](TestClient& self) { self.destroy(); }},
      "close");
}

CONTRACT_TEST("destroy: inside onStateChange, for each state") {
  for (const State state : {State::Connecting, State::Open, State::Waiting, State::Closing, State::Closed}) {
    CAPTURE(static_cast<int>(state));
    checkDestroyed({.onOpen =
                        [state](TestClient& self) {
                          if (state == State::Waiting) {
                            self.client().reconnect();
                          } else {
                            self.client().close();
                          }
                        },
                    .onStateChange =
                        [state](TestClient& self, const tidewire::StateChange& change) {
                          if (change.to == state) {
                            self.destroy();
                          }
                        }},
                   "state " + std::string(nameOf(state)));
  }
}

CONTRACT_TEST("destroy: in each state, from outside") {
  { TestClient idle(optionsFor("/echo")); }
  {
    TestClient connecting(optionsFor("/echo"));
    connecting.client().connect();
  }
  {
    TestClient open(optionsFor("/echo"));
    open.client().connect();
    open.awaitOpens(1);
    CHECK(open.client().send("on its way") == SendResult::Queued);
  }
  {
    TestClient closing(optionsFor("/echo"));
    closing.client().connect();
    closing.awaitOpens(1);
    closing.client().close();
  }
  {
    TestClient closed(optionsFor("/echo"));
    closed.client().connect();
    closed.awaitOpens(1);
    closed.client().close();
    closed.awaitCloses(1);
  }
  world().killServer();
  TestClient waiting(optionsFor("/echo"));
  waiting.client().connect();
  waiting.awaitCloses(1);
}

CONTRACT_TEST("callbacks: none runs inside a call") {
  TestClient test(optionsFor("/echo"));
  test.outsideCallbacks([&] {
    test.client().connect();
    (void)test.client().send("hello");
  });
  test.awaitMessages(1);
  test.outsideCallbacks([&] {
    (void)test.client().send("hello");
    test.client().heartbeat();
    test.client().reconnect();
  });
  test.awaitOpens(2);
  test.outsideCallbacks([&] { test.client().close(); });
  test.awaitState(State::Closed);
  CHECK(test.callbacksInsideCalls() == 0);
}

CONTRACT_TEST("callbacks: a reply sent inside onMessage goes out") {
  TestClient test(optionsFor("/echo"), {.onMessage = [](TestClient& self, const Log::Received& received) {
                    if (received.payload.size() < 10) {
                      (void)self.client().send(received.payload + "+");
                    }
                  }});
  test.client().connect();
  CHECK(test.client().send("+") == SendResult::Queued);
  test.awaitMessages(10);
  CHECK(test.log().messages.back().payload == std::string(10, '+'));
}

CONTRACT_TEST("callbacks: a handler set inside a callback serves the next event") {
  auto second = std::make_shared<std::atomic<int>>(0);
  TestClient test(optionsFor("/echo"), {.onMessage = [second](TestClient& self, const Log::Received&) {
                    self.client().onMessage([second](const tidewire::Message&) { ++*second; });
                  }});
  test.client().connect();
  CHECK(test.client().send("first") == SendResult::Queued);
  CHECK(test.client().send("second") == SendResult::Queued);
  CHECK(test.client().send("third") == SendResult::Queued);
  test.awaitMessages(1);
  pumpUntil("two messages at the second handler", [&] {
    test.client().poll();
    return second->load() == 2;
  });
  CHECK(test.log().messages.size() == 1);
}

CONTRACT_TEST("callbacks: the state changes before the open or close event") {
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  test.awaitOpens(1);
  test.client().close();
  test.awaitCloses(1);
  CHECK(test.log().order ==
        std::vector<std::string>{"state Connecting", "state Open", "open", "state Closing", "state Closed", "close"});
}

CONTRACT_TEST("move: a moved client keeps its connection") {
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  test.awaitOpens(1);
  tidewire::Client moved = std::move(test.client());
  CHECK(moved.send("hello") == SendResult::Queued);
  pumpUntil("the echo", [&] {
    moved.poll();
    return test.log().messages.size() == 1;
  });
  test.client() = std::move(moved);
}
