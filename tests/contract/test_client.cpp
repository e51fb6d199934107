#include "test_client.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <deque>
#include <utility>

namespace contract {
namespace {

using namespace std::chrono_literals;

// Generous: sanitizers and a busy machine are slow. Only a failing test waits for it.
constexpr auto kPatience = 30s;

// Whether this thread is inside a call of the application's own.
thread_local bool insideCall = false;

/// How this run has its callbacks run: "automatic", "poll" or "executor".
tidewire::Callbacks callbacksOfThisRun() {
  const char* const set = std::getenv("TIDEWIRE_TEST_CALLBACKS");
  const std::string_view mode = set == nullptr ? "automatic" : set;
  if (mode == "poll") {
    return tidewire::Callbacks::Poll;
  }
  if (mode == "executor") {
    return tidewire::Callbacks::Executor;
  }
  REQUIRE(mode == "automatic");
  return tidewire::Callbacks::Automatic;
}

/// What the clients of this run hand to their executor, if they have one. Waiting runs it, as a main loop would.
class Tasks {
 public:
  void add(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }

  /// Runs them, and those that are handed over when one has run.
  void run() {
    while (const std::function<void()> task = take()) {
      task();
    }
  }

 private:
  std::function<void()> take() {
    const std::lock_guard lock(mutex_);
    if (tasks_.empty()) {
      return nullptr;
    }
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
  }

  std::mutex mutex_;
  std::deque<std::function<void()>> tasks_;
};

Tasks& tasks() {
  static Tasks instance;
  return instance;
}

}  // namespace

/// Outlives the client while a callback runs.
struct TestClient::Shared {
  mutable std::mutex mutex;
  Log log;
  Reactions reactions;
  TestClient* owner = nullptr;
  std::atomic<std::size_t> insideCalls = 0;
  std::atomic<bool> destroyed = false;

  template <class Record>
  void note(std::string order, Record record) {
    if (insideCall) {
      ++insideCalls;
    }
    const std::lock_guard lock(mutex);
    log.order.push_back(std::move(order));
    record(log);
  }
};

TestClient::InsideCall::InsideCall() {
  insideCall = true;
}
TestClient::InsideCall::~InsideCall() {
  insideCall = false;
}

TestClient::TestClient(tidewire::Options options, Reactions reactions) : shared_(std::make_shared<Shared>()) {
  shared_->reactions = std::move(reactions);
  shared_->owner = this;
  client_ = std::make_unique<tidewire::Client>(world().makeClient(std::move(options)));
  attach(shared_);
}

// Not by `reset`, which forgets the client first: a callback that runs meanwhile, and for which the client's destructor
// waits, may still use it.
TestClient::~TestClient() = default;

void TestClient::destroy() {
  client_.reset();
  shared_->destroyed = true;
}

bool TestClient::destroyed() const {
  return shared_->destroyed;
}

void TestClient::attach(const std::shared_ptr<Shared>& shared) {
  client_->onOpen([shared](const tidewire::Opened& opened) {
    shared->note("open", [&](Log& log) { log.opens.push_back(opened); });
    if (shared->reactions.onOpen) {
      shared->reactions.onOpen(*shared->owner);
    }
  });
  client_->onMessage([shared](const tidewire::Message& message) {
    const Log::Received received{message.kind(), std::string(message.text())};
    shared->note("message", [&](Log& log) { log.messages.push_back(received); });
    if (shared->reactions.onMessage) {
      shared->reactions.onMessage(*shared->owner, received);
    }
  });
  client_->onClose([shared](const tidewire::CloseInfo& info) {
    CHECK_FALSE(info.detail.empty());  // Whatever the ending is.
    shared->note("close", [&](Log& log) { log.closes.push_back(info); });
    if (shared->reactions.onClose) {
      shared->reactions.onClose(*shared->owner);
    }
  });
  client_->onStateChange([shared](const tidewire::StateChange& change) {
    shared->note("state " + std::string(nameOf(change.to)), [&](Log& log) { log.changes.push_back(change); });
    if (shared->reactions.onStateChange) {
      shared->reactions.onStateChange(*shared->owner, change);
    }
  });
  client_->onDropped([shared](const tidewire::Dropped& dropped) {
    shared->note("dropped", [&](Log& log) { log.drops.push_back(dropped); });
    if (shared->reactions.onDropped) {
      shared->reactions.onDropped(*shared->owner);
    }
  });
  client_->onDrain([shared](const tidewire::Drained& drained) {
    shared->note("drain", [&](Log& log) { log.drains.push_back(drained); });
    if (shared->reactions.onDrain) {
      shared->reactions.onDrain(*shared->owner);
    }
  });
  client_->onHeartbeat([shared](const tidewire::HeartbeatInfo& info) {
    shared->note("heartbeat", [&](Log& log) { log.heartbeats.push_back(info); });
    if (shared->reactions.onHeartbeat) {
      shared->reactions.onHeartbeat(*shared->owner);
    }
  });
}

Log TestClient::log() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->log;
}

std::size_t TestClient::callbacksInsideCalls() const {
  return shared_->insideCalls;
}

void TestClient::awaitOpens(std::size_t count) {
  await("opens", [count](const Log& log) { return log.opens.size() >= count; });
}

void TestClient::awaitMessages(std::size_t count) {
  await("messages", [count](const Log& log) { return log.messages.size() >= count; });
}

void TestClient::awaitCloses(std::size_t count) {
  await("closes", [count](const Log& log) { return log.closes.size() >= count; });
}

void TestClient::awaitHeartbeats(std::size_t count) {
  await("heartbeats", [count](const Log& log) { return log.heartbeats.size() >= count; });
}

void TestClient::awaitDrops(std::size_t count) {
  await("drops", [count](const Log& log) { return log.drops.size() >= count; });
}

void TestClient::awaitDrains(std::size_t count) {
  await("drains", [count](const Log& log) { return log.drains.size() >= count; });
}

void TestClient::awaitState(tidewire::State state) {
  await(nameOf(state), [state](const Log& log) { return !log.changes.empty() && log.changes.back().to == state; });
}

void TestClient::awaitDestroyed() {
  await("destroyed", [this](const Log&) { return destroyed(); });
}

void TestClient::awaitThat(std::string_view what, const std::function<bool()>& holds) {
  pumpUntil(what, [&] {
    if (callbacksOfThisRun() == tidewire::Callbacks::Poll && client_ != nullptr) {
      client_->poll();
    }
    return holds();
  });
}

void TestClient::await(std::string_view what, const std::function<bool(const Log&)>& holds) {
  awaitThat(what, [&] {
    const std::lock_guard lock(shared_->mutex);
    return holds(shared_->log);
  });
}

void pumpUntil(std::string_view what, const std::function<bool()>& holds) {
  const auto deadline = world().now() + kPatience;
  while (tasks().run(), !holds()) {
    if (world().now() > deadline) {
      FAIL("still waiting for: " << std::string(what));
      std::abort();  // Without exceptions a failed requirement does not end the test.
    }
    world().pump();
  }
}

tidewire::Options optionsFor(std::string_view path) {
  return {
      .url = world().url(path),
      .heartbeat = {.interval = 0ms},
      .reconnect = {.firstDelay = 20ms, .maxDelay = 200ms},
      .callbacks = callbacksOfThisRun(),
      .executor = [](std::function<void()> task) { tasks().add(std::move(task)); },
  };
}

}  // namespace contract
