#include <doctest/doctest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "delivery.hpp"
#include "delivery_steps.hpp"

// Whose thread runs callbacks, how they end, and what becomes of their handlers.
namespace tidewire::internal {
namespace {

using namespace test;
using Log = std::vector<std::string>;

}  // namespace

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

TEST_CASE("delivery: after stop() nothing runs, and the handlers are destroyed") {
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

TEST_CASE("delivery: the destructor of an event's payload may use the delivery") {
  struct Owner final : Recipient {
    Owner(Delivery& of, std::size_t& count) : Recipient(false), delivery(of), waited(count) {}
    ~Owner() override {
      delivery.awaitCallback();
      waited += delivery.waiting().events;
    }
    void receive(const SessionEvent&) override {}
    Delivery& delivery;
    std::size_t& waited;
  };
  for (const Callbacks mode : {Callbacks::Poll, Callbacks::Executor}) {
    std::size_t waited = 0;
    Delivery delivery(mode, kRoomy);
    for (int i = 0; i < 3; ++i) {
      delivery.deliver(Event(SessionEvent{std::make_shared<Owner>(delivery, waited), core::protocol::Loss{}}));
    }
    CHECK(pollAll(delivery, {.count = 2}) == 2);
    CHECK(waited == 2 + 1);
    delivery.stop();
    CHECK(waited == 2 + 1);
  }
}

TEST_CASE("delivery: only the thread that is inside a callback runs here, and only onOpen is onOpen") {
  for (const Callbacks mode : kModes) {
    Delivery delivery(mode, kRoomy);
    bool elsewhere = true;
    bool here = false;
    std::uint64_t openHere = 0;
    std::uint64_t openInMessage = 7;
    delivery.set(&Handlers::onOpen, std::function([&](const Opened&) {
      here = delivery.runsHere();
      openHere = delivery.openRunsHere();
      std::thread([&] { elsewhere = delivery.runsHere() || delivery.openRunsHere() != 0; }).join();
    }));
    onMessage(delivery, [&](const Message&) { openInMessage = delivery.openRunsHere(); });
    running(delivery, mode, [&] {
      delivery.deliver(Event(Opened{.attempt = 7}));
      deliverText(delivery, "a");
    });
    CHECK(here);
    CHECK(openHere == 7);
    CHECK_FALSE(elsewhere);
    CHECK(openInMessage == 0);
    CHECK_FALSE(delivery.runsHere());
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
