#include "tidewire/client.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "manual_client.hpp"

// How the public class, the mailbox, the core and the delivery go together.
namespace tidewire::internal {
namespace {

using namespace std::chrono_literals;
using test::kPage;
using test::ManualClient;
using test::ManualExecutor;
using Texts = std::vector<std::string>;

Options executing(ManualExecutor& executor) {
  return {.callbacks = Callbacks::Executor, .executor = executor.executor()};
}

/// Requires that the client, connecting or open, is as usable as any.
void checkUsable(ManualClient& manual) {
  manual.turn();
  manual.transport().succeed();
  manual.turn();
  CHECK(manual.client().state() == State::Open);
  CHECK(manual.client().send("hello") == SendResult::Queued);
  manual.turn();
  CHECK(manual.sent() == Texts{"hello"});
  CHECK(manual.client().connect() == ConnectResult::AlreadyStarted);
  CHECK(manual.client().close() == CloseResult::Accepted);
}

}  // namespace

TEST_CASE("client: connect() right after close() leaves a client as usable as any") {
  ManualClient manual;
  SUBCASE("while connecting") {
    CHECK(manual.client().connect() == ConnectResult::Started);
    manual.turn();
    CHECK(manual.client().close() == CloseResult::Accepted);
    CHECK(manual.client().connect() == ConnectResult::Started);
  }
  SUBCASE("while waiting") {
    CHECK(manual.client().connect() == ConnectResult::Started);
    manual.turn();
    manual.transport().end();
    CHECK(manual.client().state() == State::Waiting);
    CHECK(manual.client().close() == CloseResult::Accepted);
    CHECK(manual.client().connect() == ConnectResult::Started);
  }
  SUBCASE("while open") {
    manual.open();
    CHECK(manual.client().close() == CloseResult::Accepted);
    CHECK(manual.client().connect() == ConnectResult::Started);
    manual.turn();
    CHECK(manual.client().state() == State::Closing);
    manual.transport().end();
  }
  SUBCASE("before anything of it was carried out") {
    CHECK(manual.client().connect() == ConnectResult::Started);
    CHECK(manual.client().close() == CloseResult::Accepted);
    CHECK(manual.client().connect() == ConnectResult::Started);
  }
  checkUsable(manual);
}

TEST_CASE("client: a reconnect() or heartbeat() that comes too late does not keep it from connecting again") {
  for (const bool reconnect : {true, false}) {
    CAPTURE(reconnect);
    ManualClient manual;
    manual.open();
    if (reconnect) {
      CHECK(manual.client().reconnect() == ReconnectResult::Started);
    } else {
      CHECK(manual.client().heartbeat() == HeartbeatResult::Sent);
    }
    manual.transport().end({.cause = CloseCause::ClosedByPeer, .code = 1008});
    manual.turn();
    CHECK(manual.client().state() == State::Closed);
    CHECK(manual.client().send("nobody would send it") == SendResult::Closed);
    CHECK(manual.client().connect() == ConnectResult::Started);
    checkUsable(manual);
  }
}

TEST_CASE("client: messages sent just before the final end are dropped and counted") {
  ManualClient manual;
  manual.open();
  CHECK(manual.client().send("one") == SendResult::Queued);
  CHECK(manual.client().send("two") == SendResult::Queued);
  manual.transport().end({.cause = CloseCause::ClosedByPeer, .code = 1008});
  manual.turn();
  REQUIRE(manual.closes.size() == 1);
  CHECK(manual.closes[0].droppedMessages == 2);
  REQUIRE(manual.drops.size() == 1);
  CHECK(manual.drops[0].reason == DropReason::Closed);
  CHECK(manual.drops[0].messages == 2);
  CHECK(manual.drops[0].bytes == 6);
  CHECK(manual.log == Texts{"dropped", "close"});
  CHECK(manual.client().connect() == ConnectResult::Started);
  checkUsable(manual);
}

TEST_CASE("client: several calls inside one callback leave the transport that runs it alone") {
  ManualClient manual;
  manual.open();
  manual.client().onMessage([&](const Message&) {
    manual.client().reconnect();
    manual.client().reconnect();
    manual.client().close();
  });
  manual.transport().receive("go");
  manual.turn();
  CHECK(manual.client().state() == State::Closed);
  CHECK(manual.closes.size() == 3);
}

TEST_CASE("client: setting one handler neither copies nor moves the others") {
  struct Counted {
    int* copies;
    explicit Counted(int& counter) : copies(&counter) {}
    Counted(const Counted& other) : copies(other.copies) { ++*copies; }
    Counted& operator=(const Counted&) = delete;
    void operator()(const Message&) const {}
  };
  int copies = 0;
  ManualClient manual;
  manual.client().onMessage(Counted(copies));
  const int before = copies;
  manual.client().onOpen([](const Opened&) {});
  manual.client().onClose(nullptr);
  CHECK(copies == before);
}

TEST_CASE("client: a fault of its options is answered by connect(), and named") {
  CHECK(ManualClient().client().connectFault().empty());
  struct Row {
    Options options;
    ConnectResult result;
    std::string field;
  };
  const std::vector<Row> table = {
      {{.url = "https://h/"}, ConnectResult::InvalidUrl, "url"},
      {{.subprotocols = {"a", "a"}}, ConnectResult::InvalidSubprotocol, "subprotocols"},
      {{.headers = {{"Host", "x"}}}, ConnectResult::InvalidHeader, "headers"},
      {{.closeTimeout = -1ms}, ConnectResult::InvalidOption, "closeTimeout"},
      {{.callbacks = Callbacks::Executor}, ConnectResult::InvalidOption, "executor"},
  };
  for (const Row& row : table) {
    ManualClient manual(row.options);
    CHECK(manual.client().connect() == row.result);
    CHECK(manual.client().connectFault().starts_with(row.field + ": "));
    manual.turn();
    CHECK(manual.client().state() == State::Idle);
  }
}

TEST_CASE("client: options that a page cannot honour are unsupported there") {
  for (const Options& options : {Options{.tls = {.caFile = "a.pem"}}, Options{.tls = {.caPem = "x"}},
                                 Options{.headers = {{"X", "1"}}}, Options{.url = "ws://user@h/"}}) {
    CHECK(ManualClient(options, kPage).client().connect() == ConnectResult::Unsupported);
    CHECK(ManualClient(options).client().connect() == ConnectResult::Started);
  }
  ManualClient page({}, kPage);
  CHECK(page.client().waitOpen(0ms) == WaitResult::Unsupported);
  CHECK(page.client().waitClosed(0ms) == WaitResult::Unsupported);
  page.open();
  CHECK(page.client().heartbeat() == HeartbeatResult::Unsupported);
}

TEST_CASE("client: waiting where it would wait for itself is refused") {
  ManualClient manual;
  CHECK(manual.client().waitOpen(1h) == WaitResult::WrongThread);
  CHECK(manual.client().waitClosed(1h) == WaitResult::WrongThread);
  std::thread([&] { CHECK(manual.client().waitOpen(1h) == WaitResult::Closed); }).join();

  ManualExecutor executor;
  ManualClient other(executing(executor));
  WaitResult inside = WaitResult::Reached;
  other.client().onOpen([&](const Opened&) { inside = other.client().waitClosed(1h); });
  other.open();
  std::thread([&] { executor.runAll(); }).join();
  CHECK(inside == WaitResult::WrongThread);
}

TEST_CASE("client: waitOpen returns once onOpen has returned") {
  ManualClient manual;
  bool opened = false;
  manual.client().onOpen([&](const Opened&) { opened = true; });
  CHECK(manual.client().connect() == ConnectResult::Started);
  std::thread waiter([&] {
    CHECK(manual.client().waitOpen(1h) == WaitResult::Reached);
    CHECK(opened);
  });
  manual.turn();
  manual.transport().succeed();
  waiter.join();
}

TEST_CASE("executor: a task runs one callback, or messages in a row, and the next task follows when it has run") {
  ManualExecutor executor;
  ManualClient manual(executing(executor));
  Texts received;
  manual.noteTexts(received);
  manual.client().onStateChange([](const StateChange&) {});
  manual.client().onOpen([](const Opened&) {});
  manual.open();
  // State changes to Connecting and Open, and the opening.
  CHECK(executor.waiting() == 1);
  CHECK(executor.runAll() == 3);
  for (const char* const text : {"a", "b", "c"}) {
    manual.transport().receive(text);
    CHECK(executor.waiting() == 1);
  }
  const auto task = executor.take();
  CHECK(received.empty());
  task();
  CHECK(received == Texts{"a", "b", "c"});
  CHECK(executor.waiting() == 0);
  manual.transport().receive("d");
  CHECK(executor.waiting() == 1);
  CHECK(executor.runAll() == 1);
  CHECK(received == Texts{"a", "b", "c", "d"});
  CHECK(manual.client().poll() == 0);
}

TEST_CASE("executor: a task runs 32 messages at most, and none behind another event") {
  ManualExecutor executor;
  ManualClient manual(executing(executor));
  Texts received;
  manual.noteTexts(received);
  manual.client().onClose([&](const CloseInfo&) { received.push_back("closed"); });
  manual.open();
  executor.runAll();
  for (int i = 0; i < 40; ++i) {
    manual.transport().receive("x");
  }
  manual.transport().end({});
  executor.take()();
  CHECK(received.size() == 32);
  executor.take()();
  CHECK(received.size() == 40);
  executor.take()();
  CHECK(received.back() == "closed");
}

TEST_CASE("executor: callbacks never run concurrently on a pool of threads") {
  constexpr std::size_t kMessages = 500;
  std::vector<std::thread> threads;
  std::mutex threadsMutex;
  ManualClient manual({.callbacks = Callbacks::Executor, .executor = [&](std::function<void()> task) {
                         const std::lock_guard lock(threadsMutex);
                         threads.emplace_back(std::move(task));
                       }});
  std::atomic<int> inside = 0;
  std::atomic<bool> overlapped = false;
  std::atomic<std::size_t> ran = 0;
  manual.client().onMessage([&](const Message&) {
    overlapped = overlapped || ++inside != 1;
    std::this_thread::yield();
    --inside;
    ++ran;
  });
  manual.open();
  for (std::size_t i = 0; i < kMessages; ++i) {
    manual.transport().receive("x");
  }
  while (ran < kMessages) {
    std::this_thread::yield();
  }
  CHECK_FALSE(overlapped);
  manual.destroy();
  manual.turn();
  // The last one may still be on its way out of its task.
  for (std::size_t i = 0;; ++i) {
    std::thread thread;
    {
      const std::lock_guard lock(threadsMutex);
      if (i == threads.size()) {
        break;
      }
      thread = std::move(threads[i]);
    }
    thread.join();
  }
}

TEST_CASE("executor: a task that outlives the client does nothing") {
  ManualExecutor executor;
  Texts received;
  {
    ManualClient manual(executing(executor));
    manual.noteTexts(received);
    manual.open();
    executor.runAll();
    manual.transport().receive("a");
  }
  CHECK(executor.runAll() == 1);
  CHECK(received.empty());
}

TEST_CASE("executor: a client may go in its own task") {
  ManualExecutor executor;
  ManualClient manual(executing(executor));
  manual.client().onMessage([&](const Message&) { manual.destroy(); });
  manual.open();
  executor.runAll();
  manual.transport().receive("a");
  manual.transport().receive("b");
  CHECK(executor.runAll() == 1);
}

TEST_CASE("hints: a hint of the platform reaches every client in use, and no other") {
  ManualClient manual;
  manual.loop().hint(core::Hint::WokeUp);
  manual.open();
  CHECK(manual.transport().pings() == 0);
  manual.loop().hint(core::Hint::WokeUp);
  CHECK(manual.transport().pings() == 1);
  manual.destroy();
  manual.turn();
  manual.loop().hint(core::Hint::WokeUp);
}

TEST_CASE("log: a client that is not polled is reported once, after five seconds") {
  Texts warnings;
  ManualClient manual({.heartbeat = {.interval = 0s},
                       .callbacks = Callbacks::Poll,
                       .log = {.sink = [&](const LogRecord& record) { warnings.emplace_back(record.text); }}});
  Texts received;
  manual.noteTexts(received);
  manual.client().onOpen([](const Opened&) {});
  manual.open();
  manual.loop().passAndTurn(5s - 1ns);
  CHECK(warnings.empty());
  SUBCASE("unless somebody does") {
    manual.client().poll();
    manual.loop().passAndTurn(1h);
    CHECK(warnings.empty());
    manual.transport().receive("a");
    manual.loop().passAndTurn(5s);
    CHECK(warnings.size() == 1);
  }
  SUBCASE("once") {
    manual.loop().passAndTurn(1ns);
    REQUIRE(warnings.size() == 1);
    CHECK(warnings[0].find("poll()") != std::string::npos);
    manual.transport().receive("a");
    manual.loop().passAndTurn(1h);
    CHECK(warnings.size() == 1);
  }
}

TEST_CASE("log: slow callbacks are reported with their duration") {
  Texts warnings;
  ManualClient manual({.log = {.sink = [&](const LogRecord& record) { warnings.emplace_back(record.text); }}});
  core::Duration holds = 100ms;
  manual.client().onMessage([&](const Message&) { manual.loop().pass(holds); });
  manual.open();
  manual.transport().receive("a");
  CHECK(warnings.empty());
  holds = 150ms;
  manual.transport().receive("b");
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("150 ms") != std::string::npos);
}

TEST_CASE("flight record: a life in lines, without secrets") {
  ManualClient manual({.url = "ws://user:hunter2@manual.test/feed?token=hunter2"});
  manual.open();
  manual.transport().receive("hunter2");
  manual.send("hunter2");
  manual.send("hunter2");
  manual.turn();
  manual.client().close();
  manual.turn();
  const std::string record = manual.client().flightRecord();
  CHECK(
      record.starts_with("client ws://manual.test/feed\n"
                         "     0.000  attempt 1 to ws://manual.test/feed\n"
                         "     0.000  attempt 1 is open after 0.0 ms\n"
                         "     0.000  received 1 messages, 7 bytes\n"
                         "     0.000  sent 2 messages, 14 bytes\n"));
  CHECK(record.find("hunter2") == std::string::npos);
}

TEST_CASE("flight record: with its leave payloads of both directions are in it") {
  ManualClient manual({.flightRecorder = {.payloadBytes = 4}});
  manual.open();
  manual.transport().receive("question");
  manual.send("answer");
  manual.turn();
  const std::string record = manual.client().flightRecord();
  CHECK(record.find("received text, 8 bytes: ques\n") != std::string::npos);
  CHECK(record.find("queued text, 6 bytes: answ\n") != std::string::npos);
}

}  // namespace tidewire::internal
