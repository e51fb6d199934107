#include "mailbox.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "mailbox_and_loop.hpp"

namespace tidewire::internal {
namespace {

using namespace std::chrono_literals;
using test::MailboxAndLoop;
using Kind = Command::Kind;

}  // namespace

TEST_CASE("mailbox: messages and commands come out in call order") {
  MailboxAndLoop box;
  CHECK(box.send("a") == SendResult::Queued);
  CHECK(box.connect() == ConnectResult::Started);
  CHECK(box.send("bb") == SendResult::Queued);
  CHECK(box.send("ccc") == SendResult::Queued);
  CHECK(box.reconnect() == ReconnectResult::Started);
  CHECK(box.send("dddd") == SendResult::Queued);
  const auto taken = box.round();
  CHECK(taken.commands == std::vector{Kind::Connect, Kind::Reconnect});
  CHECK(taken.messagesBefore == std::vector<std::size_t>{1, 3});
  CHECK(taken.sizes == std::vector<std::size_t>{1, 2, 3, 4});
  CHECK(box.round().sizes.empty());
}

TEST_CASE("mailbox: a close brings its code and reason along") {
  MailboxAndLoop box;
  box.open();
  CHECK(box.close(4000, "done") == CloseResult::Accepted);
  Mailbox::Batch batch = box.mailbox.take();
  REQUIRE(batch.commands.size() == 1);
  CHECK(batch.commands[0].code == 4000);
  CHECK(batch.commands[0].text == "done");
}

TEST_CASE("mailbox: only the post that ends emptiness wakes the loop") {
  MailboxAndLoop box;
  (void)box.send("a");
  CHECK(box.wakes() == 1);
  (void)box.send("b");
  (void)box.connect();
  CHECK(box.wakes() == 1);
  CHECK(box.round().settled);
  (void)box.reconnect();
  CHECK(box.wakes() == 2);
}

TEST_CASE("mailbox: a refused call does not wake the loop") {
  MailboxAndLoop box({.maxBytes = 10});
  CHECK(box.send(11) == SendResult::TooLarge);
  CHECK(box.close() == CloseResult::AlreadyClosed);
  CHECK(box.reconnect() == ReconnectResult::Closed);
  CHECK(box.probe() == HeartbeatResult::NotOpen);
  CHECK(box.wakes() == 0);
}

TEST_CASE("mailbox: commands during a round wake no loop, and settling reports whether one came") {
  MailboxAndLoop box;
  box.mailbox.hold();
  (void)box.send("a");
  CHECK(box.wakes() == 0);
  (void)box.mailbox.take();
  CHECK(box.mailbox.settle({1, 1}));

  box.mailbox.hold();
  (void)box.mailbox.take();
  (void)box.send("b");
  CHECK_FALSE(box.mailbox.settle({1, 1}));
  // The loop takes another turn by itself, so this need not wake it either.
  (void)box.send("c");
  CHECK(box.wakes() == 0);
  CHECK(box.round().sizes.size() == 2);
  (void)box.send("d");
  CHECK(box.wakes() == 1);
}

TEST_CASE("mailbox: before connect() messages wait, after close() they are refused") {
  MailboxAndLoop box;
  CHECK(box.send("early") == SendResult::Queued);
  CHECK(box.connect() == ConnectResult::Started);
  CHECK(box.send("on the way") == SendResult::Queued);
  CHECK(box.close() == CloseResult::Accepted);
  CHECK(box.send("late") == SendResult::Closed);
  CHECK(box.connect() == ConnectResult::Started);
  CHECK(box.send("for the next one") == SendResult::Queued);
}

TEST_CASE("mailbox: a second connect() or close() changes nothing") {
  MailboxAndLoop box;
  CHECK(box.connect() == ConnectResult::Started);
  CHECK(box.connect() == ConnectResult::AlreadyStarted);
  CHECK(box.close() == CloseResult::Accepted);
  CHECK(box.close() == CloseResult::AlreadyClosed);
  CHECK(box.reconnect() == ReconnectResult::Closed);
  CHECK(box.round().commands == std::vector{Kind::Connect, Kind::Close});
}

TEST_CASE("mailbox: a connection that gave up by itself needs another connect()") {
  MailboxAndLoop box;
  box.open();
  box.become(State::Closed);
  CHECK(box.mailbox.state() == State::Closed);
  CHECK(box.send("late") == SendResult::Closed);
  CHECK(box.close() == CloseResult::AlreadyClosed);
  CHECK(box.reconnect() == ReconnectResult::Closed);
  CHECK(box.connect() == ConnectResult::Started);
  CHECK(box.send("again") == SendResult::Queued);
}

TEST_CASE("mailbox: a connect() that is still posted outlives the end before it") {
  MailboxAndLoop box;
  box.open();
  CHECK(box.close() == CloseResult::Accepted);
  CHECK(box.connect() == ConnectResult::Started);
  box.become(State::Closed);
  CHECK(box.connect() == ConnectResult::AlreadyStarted);
  CHECK(box.send("for the next one") == SendResult::Queued);
}

TEST_CASE("mailbox: a heartbeat needs an open connection") {
  MailboxAndLoop box;
  CHECK(box.probe() == HeartbeatResult::NotOpen);
  CHECK(box.connect() == ConnectResult::Started);
  box.become(State::Connecting);
  CHECK(box.probe() == HeartbeatResult::NotOpen);
  box.become(State::Open);
  CHECK(box.probe() == HeartbeatResult::Sent);
  CHECK(box.close() == CloseResult::Accepted);
  CHECK(box.probe() == HeartbeatResult::NotOpen);
}

TEST_CASE("mailbox: after destroy() nothing is accepted") {
  MailboxAndLoop box;
  box.open();
  const int before = box.wakes();
  box.mailbox.destroy();
  CHECK(box.wakes() == before + 1);
  CHECK(box.send("late") == SendResult::Closed);
  CHECK(box.close() == CloseResult::AlreadyClosed);
  CHECK(box.round().commands == std::vector{Kind::Destroy});
}

TEST_CASE("mailbox: waiting ends at once where nothing is to be waited for") {
  MailboxAndLoop box;
  CHECK(box.mailbox.waitClosed(1h) == WaitResult::Reached);
  CHECK(box.mailbox.waitOpen(1h) == WaitResult::Closed);
  box.open();
  (void)box.round();
  CHECK(box.mailbox.waitOpen(1h) == WaitResult::Reached);
  box.become(State::Closed);
  (void)box.round();
  CHECK(box.mailbox.waitOpen(1h) == WaitResult::Closed);
  CHECK(box.mailbox.waitClosed(1h) == WaitResult::Reached);
}

TEST_CASE("mailbox: a wait ends by its time where the state does not come") {
  MailboxAndLoop box;
  CHECK(box.connect() == ConnectResult::Started);
  CHECK(box.mailbox.waitOpen(0ms) == WaitResult::TimedOut);
  CHECK(box.mailbox.waitClosed(1ms) == WaitResult::TimedOut);
  box.become(State::Open);
  // Its callbacks have not run yet.
  CHECK(box.mailbox.waitOpen(0ms) == WaitResult::TimedOut);
  (void)box.round();
  CHECK(box.mailbox.waitOpen(0ms) == WaitResult::Reached);
}

TEST_CASE("mailbox: a connect() that is posted makes a closed client one that is not") {
  MailboxAndLoop box;
  box.open();
  CHECK(box.close() == CloseResult::Accepted);
  box.become(State::Closed);
  CHECK(box.connect() == ConnectResult::Started);
  CHECK(box.mailbox.waitClosed(0ms) == WaitResult::TimedOut);
}

TEST_CASE("mailbox: other threads wait for open and for closed, until the round that led there has settled") {
  MailboxAndLoop box;
  CHECK(box.connect() == ConnectResult::Started);
  (void)box.round();
  std::atomic<bool> opened = false;
  std::atomic<bool> closed = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      CHECK(box.mailbox.waitOpen(1h) == WaitResult::Reached);
      CHECK(opened);
    });
    threads.emplace_back([&] {
      CHECK(box.mailbox.waitClosed(1h) == WaitResult::Reached);
      CHECK(closed);
    });
  }
  box.mailbox.hold();
  box.become(State::Open);
  std::this_thread::yield();
  opened = true;
  CHECK(box.mailbox.settle({}));
  threads[0].join();
  threads[2].join();
  CHECK(box.close() == CloseResult::Accepted);
  box.mailbox.hold();
  (void)box.mailbox.take();
  box.become(State::Closed);
  closed = true;
  CHECK(box.mailbox.settle({}));
  threads[1].join();
  threads[3].join();
}

TEST_CASE("mailbox: many threads post, and each message is counted and taken once") {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kMessages = 2000;
  MailboxAndLoop box({.maxMessages = kThreads * kMessages});
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&box] {
      for (std::size_t message = 0; message < kMessages; ++message) {
        CHECK(box.send("abc") == SendResult::Queued);
      }
    });
  }
  std::size_t taken = 0;
  while (taken < kThreads * kMessages) {
    taken += box.round(taken, 3 * taken).sizes.size();
    std::this_thread::yield();
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(taken == kThreads * kMessages);
  (void)box.round(taken, 3 * taken);
  CHECK(box.send("one too many") == SendResult::QueueFull);
}

}  // namespace tidewire::internal
