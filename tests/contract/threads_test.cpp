#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "contract_test.hpp"

using namespace contract;
using namespace std::chrono_literals;
using tidewire::SendResult;
using tidewire::State;

namespace {

/// A main loop of the application's own, as a GUI has one.
class MainLoop {
 public:
  tidewire::Callback<std::function<void()>> executor() {
    return [this](std::function<void()> task) {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    };
  }

  /// Runs one task, if there is any.
  void runOne() {
    std::function<void()> task;
    {
      const std::lock_guard lock(mutex_);
      if (tasks_.empty()) {
        return;
      }
      CHECK(tasks_.size() == 1);  // The next one comes when this has run.
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }

  [[nodiscard]] bool waits() const {
    const std::lock_guard lock(mutex_);
    return !tasks_.empty();
  }

 private:
  mutable std::mutex mutex_;
  std::deque<std::function<void()>> tasks_;
};

tidewire::Options optionsWith(MainLoop& loop) {
  tidewire::Options options = optionsFor("/echo");
  options.callbacks = tidewire::Callbacks::Executor;
  options.executor = loop.executor();
  return options;
}

}  // namespace

CONTRACT_TEST("executor: callbacks run in its tasks, one in each, in the order of events") {
  MainLoop loop;
  TestClient test(optionsWith(loop), {.onOpen = [](TestClient& self) { (void)self.client().send("from onOpen"); }});
  CHECK(test.client().send("waited") == SendResult::Queued);
  test.client().connect();
  pumpUntil("both echoes", [&] {
    loop.runOne();
    return test.log().messages.size() == 2;
  });
  test.client().close();
  pumpUntil("the close", [&] {
    const std::size_t before = test.log().order.size();
    loop.runOne();
    CHECK(test.log().order.size() <= before + 1);
    return test.log().closes.size() == 1;
  });
  const std::vector<std::string> order = {"state Connecting", "state Open",    "open",         "message",
                                          "message",          "state Closing", "state Closed", "close"};
  std::vector<std::string> seen = test.log().order;
  std::erase(seen, "drain");
  CHECK(seen == order);
  CHECK(test.log().messages[0].payload == "from onOpen");
  CHECK(test.client().poll() == 0);
}

CONTRACT_TEST("executor: a task that outlives its client does nothing") {
  MainLoop loop;
  {
    TestClient test(optionsWith(loop));
    test.client().connect();
    pumpUntil("a task", [&] { return loop.waits(); });
  }
  loop.runOne();
  CHECK_FALSE(loop.waits());
}

CONTRACT_TEST("executor: a client may be destroyed inside a task") {
  MainLoop loop;
  TestClient test(optionsWith(loop), {.onOpen = [](TestClient& self) { self.destroy(); }});
  test.client().connect();
  pumpUntil("the end", [&] {
    loop.runOne();
    return test.destroyed();
  });
}

CONTRACT_TEST("pause: no message is delivered until resume(), and none is lost") {
  constexpr int kMessages = 100;
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  test.awaitOpens(1);
  CHECK(test.client().pause() == tidewire::PauseResult::Accepted);
  for (int i = 0; i < kMessages; ++i) {
    CHECK(test.client().send(std::to_string(i)) == SendResult::Queued);
  }
  // By the time that another client has heard its own echo, these would have been there.
  TestClient other(optionsFor("/echo"));
  CHECK(other.client().send("echo") == SendResult::Queued);
  other.client().connect();
  other.awaitMessages(1);
  test.awaitThat("all sent", [&] { return test.client().stats().messagesSent == kMessages; });
  CHECK(test.log().messages.empty());

  CHECK(test.client().resume() == tidewire::PauseResult::Accepted);
  test.awaitMessages(kMessages);
  const Log log = test.log();
  for (int i = 0; i < kMessages; ++i) {
    CHECK(log.messages[static_cast<std::size_t>(i)].payload == std::to_string(i));
  }
}

CONTRACT_TEST("pause: a paused reader is not taken for a dead peer") {
  tidewire::Options options = optionsFor("/echo");
  // Long enough for a busy machine to answer in.
  constexpr auto kTimeout = 1000ms;
  options.heartbeat = {.interval = 20ms, .timeout = kTimeout, .message = "alive?", .answer = "alive?"};
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitHeartbeats(1);
  test.client().pause();
  const auto until = world().now() + 3 * kTimeout;
  test.awaitThat("three timeouts", [&] { return world().now() >= until; });
  CHECK(test.log().closes.empty());
  test.client().resume();
  test.awaitHeartbeats(test.log().heartbeats.size() + 2);
  CHECK(test.log().closes.empty());
}

CONTRACT_TEST("pause: it holds across a reconnect") {
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  test.awaitOpens(1);
  test.client().pause();
  test.client().reconnect();
  test.awaitOpens(2);
  CHECK(test.client().send("later") == SendResult::Queued);
  test.awaitThat("sent", [&] { return test.client().stats().messagesSent == 1; });
  TestClient other(optionsFor("/echo"));
  CHECK(other.client().send("echo") == SendResult::Queued);
  other.client().connect();
  other.awaitMessages(1);
  CHECK(test.log().messages.empty());
  test.client().resume();
  test.awaitMessages(1);
}
