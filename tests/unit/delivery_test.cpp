#include "delivery.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/bytes.hpp"
#include "message_access.hpp"

namespace tidewire::internal {
namespace {

using namespace std::chrono_literals;
using Log = std::vector<std::string>;

constexpr std::size_t kRoomy = 1024 * 1024;
constexpr auto kBudget = 2ms;

void deliverText(Delivery& delivery, std::string_view text) {
  Message message = MessageAccess::view(MessageKind::Text, core::asBytes(text));
  delivery.deliver(message);
}

std::size_t pollAll(Delivery& delivery, PollBudget budget = {}) {
  bool madeRoom = false;
  return delivery.poll(budget, madeRoom);
}

void onMessage(Delivery& delivery, std::function<void(const Message&)> handler) {
  delivery.set(&Handlers::onMessage, std::move(handler));
}

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
}

void deliverOneOfEach(Delivery& delivery) {
  delivery.begin();
  delivery.deliver(Event(StateChange{.from = State::Connecting, .to = State::Open}));
  delivery.deliver(Event(Opened{}));
  deliverText(delivery, "hello");
  delivery.deliver(Event(HeartbeatInfo{}));
  delivery.deliver(Event(CloseInfo{.code = 1001}));
  delivery.end();
}

const Log kOneOfEach = {"state Open", "open", "message hello", "heartbeat", "close 1001"};

/// Runs `deliver` where callbacks of this mode run.
template <class Deliver>
void running(Delivery& delivery, Callbacks mode, Deliver deliver) {
  delivery.begin();
  deliver();
  delivery.end();
  if (mode == Callbacks::Poll) {
    pollAll(delivery);
  }
}

constexpr std::array kModes = {Callbacks::Automatic, Callbacks::Poll};

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
  CHECK(pollAll(delivery) == 5);
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

TEST_CASE("delivery: an event without a handler is lost, and counts as run") {
  Delivery delivery(Callbacks::Poll, kRoomy);
  deliverOneOfEach(delivery);
  CHECK(pollAll(delivery) == 5);
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
  CHECK(pollAll(delivery, {.count = 100}) == 3);
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

TEST_CASE("delivery: what is delivered during poll() runs in it too, in its turn") {
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

TEST_CASE("delivery: a full queue says so until half of it is empty") {
  const std::string text(100, 'x');
  const std::size_t each = sizeof(Event) + text.size();
  Delivery delivery(Callbacks::Poll, 10 * each);
  for (int i = 0; i < 10; ++i) {
    deliverText(delivery, text);
    CHECK_FALSE(delivery.isFull());
  }
  deliverText(delivery, text);
  CHECK(delivery.isFull());
  // It may go over, and nothing is lost.
  deliverText(delivery, text);

  bool madeRoom = false;
  CHECK(delivery.poll({.count = 6}, madeRoom) == 6);
  CHECK_FALSE(madeRoom);
  CHECK(delivery.isFull());
  CHECK(delivery.poll({.count = 1}, madeRoom) == 1);
  CHECK(madeRoom);
  CHECK_FALSE(delivery.isFull());
  CHECK(delivery.poll({}, madeRoom) == 5);
  CHECK_FALSE(madeRoom);
}

TEST_CASE("delivery: a handler set again replaces the former, from the next event on") {
  for (const Callbacks mode : kModes) {
    Delivery delivery(mode, kRoomy);
    Log log;
    onMessage(delivery, [&](const Message&) {
      log.push_back("first");
      onMessage(delivery, [&](const Message&) { log.push_back("second"); });
    });
    running(delivery, mode, [&] {
      deliverText(delivery, "a");
      deliverText(delivery, "b");
    });
    CHECK(log == Log{"first", "second"});
    onMessage(delivery, {});
    running(delivery, mode, [&] { deliverText(delivery, "c"); });
    CHECK(log.size() == 2);
  }
}

TEST_CASE("delivery: a handler that replaces itself lives until it has returned") {
  for (const Callbacks mode : kModes) {
    Delivery delivery(mode, kRoomy);
    std::weak_ptr<int> owned;
    int seen = 0;
    {
      auto value = std::make_shared<int>(7);
      owned = value;
      onMessage(delivery, [&, value = std::move(value)](const Message&) {
        onMessage(delivery, {});
        CHECK_FALSE(owned.expired());
        seen = *value;
      });
    }
    running(delivery, mode, [&] { deliverText(delivery, "a"); });
    CHECK(seen == 7);
    CHECK(owned.expired());
  }
}

TEST_CASE("delivery: after stop() nothing runs, and what handlers own is freed") {
  for (const Callbacks mode : kModes) {
    Delivery delivery(mode, kRoomy);
    auto owned = std::make_shared<int>(0);
    onMessage(delivery, [owned](const Message&) { ++*owned; });
    running(delivery, mode, [&] { deliverText(delivery, "a"); });
    delivery.begin();
    deliverText(delivery, "queued");
    delivery.end();
    const int before = *owned;
    delivery.stop();
    CHECK(owned.use_count() == 1);
    running(delivery, mode, [&] { deliverText(delivery, "late"); });
    CHECK(*owned == before);
    onMessage(delivery, [owned](const Message&) { ++*owned; });
    CHECK(owned.use_count() == 1);
    running(delivery, mode, [&] { deliverText(delivery, "later"); });
    CHECK(*owned == before);
  }
}

TEST_CASE("delivery: stop() inside a callback returns at once, and no other follows") {
  for (const Callbacks mode : kModes) {
    Delivery delivery(mode, kRoomy);
    Log log;
    auto owned = std::make_shared<std::string>("still here");
    const std::weak_ptr<std::string> watched = owned;
    onMessage(delivery, [&, owned = std::move(owned)](const Message& message) {
      log.emplace_back(message.text());
      delivery.stop();
      log.push_back(*owned);
    });
    running(delivery, mode, [&] {
      deliverText(delivery, "a");
      deliverText(delivery, "b");
    });
    CHECK(log == Log{"a", "still here"});
    CHECK(watched.expired());
  }
}

TEST_CASE("delivery: stop() waits for a callback that runs on another thread, and then its handlers are gone") {
  for (const Callbacks mode : kModes) {
    Delivery delivery(mode, kRoomy);
    std::latch entered(1);
    std::latch mayReturn(1);
    std::atomic<bool> stopReturned = false;
    auto owned = std::make_shared<int>(0);
    const std::weak_ptr<int> watched = owned;
    onMessage(delivery, [&, owned = std::move(owned)](const Message&) {
      entered.count_down();
      mayReturn.wait();
      CHECK_FALSE(stopReturned);
    });
    std::thread runner([&] { running(delivery, mode, [&] { deliverText(delivery, "a"); }); });
    entered.wait();
    std::thread stopper([&] {
      delivery.stop();
      CHECK(watched.expired());
      stopReturned = true;
    });
    while (!delivery.stopped()) {
      std::this_thread::yield();
    }
    // One that did not wait would have every chance to return now.
    for (int i = 0; i < 1000; ++i) {
      std::this_thread::yield();
    }
    mayReturn.count_down();
    stopper.join();
    runner.join();
    CHECK(stopReturned);
  }
}

TEST_CASE("delivery: stop() does not wait for a poll() that runs nothing") {
  Delivery delivery(Callbacks::Poll, kRoomy);
  CHECK(pollAll(delivery) == 0);
  delivery.stop();
  CHECK(delivery.stopped());
}

TEST_CASE("delivery: two threads that poll never run callbacks at the same time") {
  Delivery delivery(Callbacks::Poll, kRoomy);
  constexpr int kMessages = 2000;
  std::atomic<int> inside = 0;
  std::atomic<int> ran = 0;
  std::atomic<bool> overlapped = false;
  onMessage(delivery, [&](const Message&) {
    overlapped = overlapped || ++inside != 1;
    ++ran;
    --inside;
  });
  const auto pollUntilDone = [&] {
    while (ran < kMessages) {
      pollAll(delivery, {.count = 3});
      std::this_thread::yield();
    }
  };
  std::thread first(pollUntilDone);
  std::thread second(pollUntilDone);
  for (int i = 0; i < kMessages; ++i) {
    deliverText(delivery, "x");
  }
  first.join();
  second.join();
  CHECK(ran == kMessages);
  CHECK_FALSE(overlapped);
}

}  // namespace tidewire::internal
