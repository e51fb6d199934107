#include "delivery.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client_shared.hpp"
#include "delivery_steps.hpp"
#include "pending_endpoint.hpp"

namespace tidewire::internal {
namespace {

using namespace std::chrono_literals;
using namespace test;
using Log = std::vector<std::string>;

constexpr auto kBudget = 2ms;

/// Sets a handler for every event that notes it.
void logAll(Delivery& delivery, Log& log) {
  delivery.set(&Handlers::onOpen, std::function([&log](const Opened&) { log.push_back("open"); }));
  delivery.set(&Handlers::onMessage, std::function([&log](const Message& message) {
    log.push_back("message " + std::string(message.text()));
  }));
  delivery.set(&Handlers::onClose,
               std::function([&log](const CloseInfo& info) { log.push_back("close " + std::to_string(info.code)); }));
  delivery.set(&Handlers::onStateChange, std::function([&log](const StateChange& change) {
    log.push_back("state " + std::string(nameOf(change.to)));
  }));
  delivery.set(&Handlers::onHeartbeat, std::function([&log](const HeartbeatInfo&) { log.push_back("heartbeat"); }));
  delivery.set(&Handlers::onDropped, std::function([&log](const Dropped& dropped) {
    log.push_back("dropped " + std::to_string(dropped.messages));
  }));
  delivery.set(&Handlers::onDrain, std::function([&log](const Drained& drained) {
    log.push_back("drained to " + std::to_string(drained.bufferedAmount));
  }));
  delivery.set(&Handlers::endpoint, std::function([&log](const EndpointRequest& request) {
    log.push_back("endpoint of attempt " + std::to_string(request.attempt()));
  }));
}

void deliverOneOfEach(Delivery& delivery) {
  delivery.begin();
  delivery.deliver(Event(PendingEndpoint::request(
      std::make_shared<PendingEndpoint>(std::weak_ptr<ClientShared>(), Endpoint(), 7, std::nullopt))));
  delivery.deliver(Event(StateChange{.from = State::Connecting, .to = State::Open}));
  delivery.deliver(Event(Opened{}));
  deliverText(delivery, "hello");
  delivery.deliver(Event(HeartbeatInfo{}));
  delivery.deliver(Event(Drained{.bufferedAmount = 5}));
  delivery.deliver(Event(Dropped{.messages = 3}));
  delivery.deliver(Event(CloseInfo{.code = 1001}));
  delivery.end();
}

const Log kOneOfEach = {"endpoint of attempt 7", "state Open", "open",      "message hello", "heartbeat",
                        "drained to 5",          "dropped 3",  "close 1001"};

}  // namespace

TEST_CASE("delivery: automatic callbacks run at once, in order") {
  Delivery delivery(Callbacks::Automatic, kRoomy);
  Log log;
  logAll(delivery, log);
  deliverOneOfEach(delivery);
  CHECK(log == kOneOfEach);
  CHECK(pollAll(delivery) == 0);
  CHECK_FALSE(delivery.isFull());
}

TEST_CASE("delivery: polled callbacks wait for poll(), in order") {
  Delivery delivery(Callbacks::Poll, kRoomy);
  Log log;
  logAll(delivery, log);
  deliverOneOfEach(delivery);
  CHECK(log.empty());
  CHECK(pollAll(delivery) == 8);
  CHECK(log == kOneOfEach);
  CHECK(pollAll(delivery) == 0);
}

TEST_CASE("delivery: a queued message no longer needs the bytes it came from") {
  Delivery delivery(Callbacks::Poll, kRoomy);
  Log log;
  logAll(delivery, log);
  {
    const auto text = std::make_unique<std::string>("here for a moment, and then gone");
    deliverText(delivery, *text);
  }
  pollAll(delivery);
  CHECK(log == Log{"message here for a moment, and then gone"});
}

TEST_CASE("delivery: an event without a handler is not queued, and counts as run") {
  Delivery delivery(Callbacks::Poll, kRoomy);
  deliverOneOfEach(delivery);
  CHECK(delivery.waiting().events == 0);
  CHECK(delivery.deliver(Event(Opened{})));
  CHECK(pollAll(delivery) == 0);
  Log log;
  logAll(delivery, log);
  CHECK(pollAll(delivery) == 0);
  CHECK(log.empty());
}

TEST_CASE("delivery: the count of a budget bounds how many callbacks run") {
  Delivery delivery(Callbacks::Poll, kRoomy);
  Log log;
  logAll(delivery, log);
  deliverOneOfEach(delivery);
  CHECK(pollAll(delivery, {.count = 0}) == 0);
  CHECK(pollAll(delivery, {.count = 2}) == 2);
  CHECK(log == Log(kOneOfEach.begin(), kOneOfEach.begin() + 2));
  CHECK(pollAll(delivery, {.count = 100}) == 6);
  CHECK(log == kOneOfEach);
}

TEST_CASE("delivery: no callback starts once the time of a budget is over") {
  Delivery delivery(Callbacks::Poll, kRoomy);
  onMessage(delivery, [](const Message&) {
    const auto end = std::chrono::steady_clock::now() + kBudget;
    while (std::chrono::steady_clock::now() < end) {
    }
  });
  for (int i = 0; i < 3; ++i) {
    deliverText(delivery, "slow");
  }
  CHECK(pollAll(delivery, {.time = kBudget}) == 1);
  CHECK(pollAll(delivery, {.time = 1h}) == 2);
}

TEST_CASE("delivery: poll() inside a callback does nothing") {
  Delivery delivery(Callbacks::Poll, kRoomy);
  std::vector<std::size_t> inner;
  onMessage(delivery, [&](const Message&) { inner.push_back(pollAll(delivery)); });
  deliverText(delivery, "one");
  deliverText(delivery, "two");
  CHECK(pollAll(delivery) == 2);
  CHECK(inner == std::vector<std::size_t>{0, 0});
}

TEST_CASE("delivery: events delivered during poll() run in it too, in order") {
  Delivery delivery(Callbacks::Poll, kRoomy);
  Log log;
  onMessage(delivery, [&](const Message& message) {
    log.emplace_back(message.text());
    if (log.size() < 3) {
      deliverText(delivery, log.back() + "+");
    }
  });
  deliverText(delivery, "a");
  deliverText(delivery, "b");
  CHECK(pollAll(delivery) == 4);
  CHECK(log == Log{"a", "b", "a+", "b+"});
}

TEST_CASE("delivery: a full queue stays full until half of it is empty") {
  const std::string text(100, 'x');
  const std::size_t each = sizeof(Message) + text.size();
  Delivery delivery(Callbacks::Poll, 10 * each);
  onMessage(delivery, [](const Message&) {});
  for (int i = 0; i < 10; ++i) {
    deliverText(delivery, text);
    CHECK_FALSE(delivery.isFull());
  }
  deliverText(delivery, text);
  CHECK(delivery.isFull());
  // It may go over, and nothing is lost.
  deliverText(delivery, text);

  Delivery::Polled polled = poll(delivery, {.count = 6});
  CHECK(polled.ran == 6);
  CHECK_FALSE(polled.madeRoom);
  CHECK(delivery.isFull());
  polled = poll(delivery, {.count = 1});
  CHECK(polled.ran == 1);
  CHECK(polled.madeRoom);
  CHECK_FALSE(delivery.isFull());
  polled = poll(delivery, {});
  CHECK(polled.ran == 5);
  CHECK_FALSE(polled.madeRoom);
}

TEST_CASE("delivery: a poll returns the rest, and the attempt whose onOpen ran") {
  Delivery delivery(Callbacks::Poll, kRoomy);
  Log log;
  logAll(delivery, log);
  CHECK_FALSE(poll(delivery, {}).more);
  deliverText(delivery, "before");
  delivery.deliver(Event(Opened{.attempt = 4}));
  deliverText(delivery, "after");
  Delivery::Polled polled = poll(delivery, {.count = 1});
  CHECK(polled.ran == 1);
  CHECK(polled.more);
  CHECK(polled.openReturned == 0);
  polled = poll(delivery, {.count = 1});
  CHECK(polled.more);
  CHECK(polled.openReturned == 4);
  polled = poll(delivery, {.count = 1});
  CHECK_FALSE(polled.more);
  CHECK(polled.openReturned == 0);
}

TEST_CASE("delivery: queued events are counted, with their bytes and the polls so far") {
  Delivery delivery(Callbacks::Poll, kRoomy);
  Log log;
  logAll(delivery, log);
  CHECK(delivery.waiting().events == 0);
  CHECK(delivery.waiting().polls == 0);
  deliverText(delivery, "hello");
  delivery.deliver(Event(Drained{}));
  CHECK(delivery.waiting().events == 2);
  CHECK(delivery.waiting().bytes == sizeof(Message) + 5 + sizeof(Event));
  pollAll(delivery);
  pollAll(delivery);
  CHECK(delivery.waiting().events == 0);
  CHECK(delivery.waiting().bytes == 0);
  CHECK(delivery.waiting().polls == 2);
}

TEST_CASE("delivery: a runner is needed once for the queued events, until it has run all of them") {
  Delivery delivery(Callbacks::Executor, kRoomy);
  onMessage(delivery, [](const Message&) {});
  CHECK_FALSE(delivery.needsRunner());
  deliverText(delivery, "a");
  deliverText(delivery, "b");
  CHECK(delivery.needsRunner());
  CHECK_FALSE(delivery.needsRunner());
  CHECK(poll(delivery, {.count = 1}).more);
  // The runner knows, and comes again.
  CHECK_FALSE(delivery.needsRunner());
  CHECK_FALSE(poll(delivery, {.count = 1}).more);
  CHECK_FALSE(delivery.needsRunner());
  deliverText(delivery, "c");
  CHECK(delivery.needsRunner());
}

TEST_CASE("delivery: it knows which events anybody wants to hear of") {
  Delivery delivery(Callbacks::Automatic, kRoomy);
  CHECK_FALSE(delivery.wantsDrained());
  delivery.set(&Handlers::onDrain, std::function([](const Drained&) {}));
  CHECK(delivery.wantsDrained());
  delivery.stop();
  CHECK_FALSE(delivery.wantsDrained());
}

TEST_CASE("delivery: while held, automatic messages wait, and so do the events behind them") {
  Delivery delivery(Callbacks::Automatic, kRoomy);
  Log log;
  logAll(delivery, log);
  delivery.begin();
  delivery.hold();
  CHECK(delivery.deliver(Event(Opened{})));
  CHECK(log == Log{"open"});
  deliverText(delivery, "a");
  CHECK_FALSE(delivery.deliver(Event(CloseInfo{.code = 1001})));
  deliverText(delivery, "b");
  CHECK(log == Log{"open"});
  CHECK(delivery.waiting().events == 3);
  delivery.deliver(Event(Opened{.attempt = 2}));
  CHECK(log == Log{"open"});
  CHECK(delivery.release() == 2);
  CHECK(log == Log{"open", "message a", "close 1001", "message b", "open"});
  deliverText(delivery, "c");
  CHECK(log.size() == 6);
  delivery.end();
}

TEST_CASE("delivery: while held, a poll stops before the first message") {
  Delivery delivery(Callbacks::Poll, kRoomy);
  Log log;
  logAll(delivery, log);
  delivery.hold();
  delivery.deliver(Event(Opened{}));
  deliverText(delivery, "a");
  delivery.deliver(Event(CloseInfo{.code = 1001}));
  const Delivery::Polled polled = poll(delivery, {});
  CHECK(polled.ran == 1);
  CHECK_FALSE(polled.more);
  CHECK_FALSE(delivery.needsRunner());
  CHECK(log == Log{"open"});
  delivery.release();
  CHECK(log.size() == 1);
  CHECK(delivery.needsRunner());
  CHECK(pollAll(delivery) == 2);
  CHECK(log == Log{"open", "message a", "close 1001"});
}

TEST_CASE("delivery: a queue that filled up while held has room again after the release") {
  Delivery delivery(Callbacks::Automatic, 100);
  delivery.begin();
  delivery.hold();
  deliverText(delivery, std::string(200, 'x'));
  CHECK(delivery.isFull());
  delivery.release();
  CHECK_FALSE(delivery.isFull());
  delivery.end();
}

}  // namespace tidewire::internal
