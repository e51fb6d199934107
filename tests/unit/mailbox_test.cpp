#include "mailbox.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/bytes.hpp"

namespace tidewire::internal {
namespace {

using Kind = Command::Kind;

/// A mailbox and what its loop thread would do.
class MailboxAndLoop {
  template <class Call>
  auto posting(Call call) {
    Mailbox::Post post;
    const auto result = call(post);
    note(post);
    return result;
  }

 public:
  explicit MailboxAndLoop(SendQueueOptions limits = {}) : mailbox(limits) {}

  SendResult send(std::string_view text) {
    Mailbox::Post post;
    const SendResult result = mailbox.send(text.size(), post, MessageKind::Text, core::asBytes(text));
    note(post);
    return result;
  }
  SendResult send(std::size_t bytes) { return send(std::string(bytes, 'x')); }
  ConnectResult connect() {
    return posting([this](auto& post) { return mailbox.connect(post); });
  }
  CloseResult close(std::uint16_t code = 1000, std::string_view reason = {}) {
    return posting([&](auto& post) { return mailbox.close(code, reason, post); });
  }
  ReconnectResult reconnect() {
    return posting([this](auto& post) { return mailbox.reconnect(post); });
  }
  HeartbeatResult ask() {
    return posting([this](auto& post) { return mailbox.ask(post); });
  }

  /// How many posts so far told to wake the loop.
  [[nodiscard]] int wakes() const { return wakes_; }

  /// One round: takes what was posted, and leaves `queuedMessages` of `queuedBytes` in the connection's queue.
  struct Taken {
    std::vector<Kind> commands = {};
    std::vector<std::size_t> messagesBefore = {};
    std::vector<std::size_t> sizes = {};
    bool settled = false;
  };
  Taken round(std::size_t queuedMessages = 0, std::size_t queuedBytes = 0) {
    mailbox.hold();
    Mailbox::Batch batch = mailbox.take();
    Taken taken;
    for (const Command& command : batch.commands) {
      taken.commands.push_back(command.kind);
      taken.messagesBefore.push_back(command.messagesBefore);
    }
    while (const auto message = batch.messages.next()) {
      taken.sizes.push_back(message->sizeBytes);
    }
    taken.settled = mailbox.settle(queuedMessages, queuedBytes);
    return taken;
  }
  /// Brings the mailbox to an open connection.
  void open() {
    CHECK(connect() == ConnectResult::Started);
    (void)round();
    mailbox.setState(State::Connecting, false);
    mailbox.setState(State::Open, false);
  }

  Mailbox mailbox;

 private:
  void note(const Mailbox::Post& post) { wakes_ += post.wake ? 1 : 0; }

  int wakes_ = 0;
};

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
  CHECK(batch.commands[0].reason == "done");
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

TEST_CASE("mailbox: what is refused does not wake the loop") {
  MailboxAndLoop box({.maxBytes = 10});
  CHECK(box.send(11) == SendResult::TooLarge);
  CHECK(box.close() == CloseResult::AlreadyClosed);
  CHECK(box.reconnect() == ReconnectResult::Closed);
  CHECK(box.ask() == HeartbeatResult::NotOpen);
  CHECK(box.wakes() == 0);
}

TEST_CASE("mailbox: during a round no post wakes, and settling tells whether one came") {
  MailboxAndLoop box;
  box.mailbox.hold();
  (void)box.send("a");
  CHECK(box.wakes() == 0);
  (void)box.mailbox.take();
  CHECK(box.mailbox.settle(1, 1));

  box.mailbox.hold();
  (void)box.mailbox.take();
  (void)box.send("b");
  CHECK_FALSE(box.mailbox.settle(1, 1));
  // The loop takes another turn by itself, so this need not wake it either.
  (void)box.send("c");
  CHECK(box.wakes() == 0);
  CHECK(box.round().sizes.size() == 2);
  (void)box.send("d");
  CHECK(box.wakes() == 1);
}

TEST_CASE("mailbox: a message larger than the whole queue is too large, one that finds no room finds it full") {
  MailboxAndLoop box({.maxBytes = 100, .maxMessages = 1000});
  CHECK(box.send(101) == SendResult::TooLarge);
  CHECK(box.send(60) == SendResult::Queued);
  CHECK(box.send(41) == SendResult::QueueFull);
  CHECK(box.send(40) == SendResult::Queued);
  CHECK(box.send(1) == SendResult::QueueFull);
  CHECK(box.send(0u) == SendResult::Queued);
  CHECK(box.send(101) == SendResult::TooLarge);
}

TEST_CASE("mailbox: messages are bounded in count too, empty ones included") {
  MailboxAndLoop box({.maxMessages = 3});
  for (int i = 0; i < 3; ++i) {
    CHECK(box.send("") == SendResult::Queued);
  }
  CHECK(box.send("") == SendResult::QueueFull);
  CHECK(box.round().sizes.size() == 3);
  CHECK(box.send("") == SendResult::Queued);
}

TEST_CASE("mailbox: what waits in the connection's queue counts until it has left") {
  MailboxAndLoop box({.maxBytes = 100, .maxMessages = 3});
  CHECK(box.send(50) == SendResult::Queued);
  CHECK(box.send(40) == SendResult::Queued);
  (void)box.round(2, 90);
  CHECK(box.send(11) == SendResult::QueueFull);
  CHECK(box.send(10) == SendResult::Queued);
  CHECK(box.send(0u) == SendResult::QueueFull);
  (void)box.round(1, 10);
  CHECK(box.send(90) == SendResult::Queued);
  (void)box.round(0, 0);
  CHECK(box.send(100) == SendResult::Queued);
}

TEST_CASE("mailbox: what is posted between taking and settling is counted once") {
  MailboxAndLoop box({.maxBytes = 100, .maxMessages = 100});
  CHECK(box.send(30) == SendResult::Queued);
  box.mailbox.hold();
  (void)box.mailbox.take();
  CHECK(box.send(30) == SendResult::Queued);
  CHECK_FALSE(box.mailbox.settle(1, 30));
  CHECK(box.send(41) == SendResult::QueueFull);
  CHECK(box.send(40) == SendResult::Queued);
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

TEST_CASE("mailbox: a connection that gave up by itself has to be asked again") {
  MailboxAndLoop box;
  box.open();
  box.mailbox.setState(State::Closed, false);
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
  box.mailbox.setState(State::Closed, false);
  CHECK(box.connect() == ConnectResult::AlreadyStarted);
  CHECK(box.send("for the next one") == SendResult::Queued);
}

TEST_CASE("mailbox: a question can be asked only of an open connection") {
  MailboxAndLoop box;
  CHECK(box.ask() == HeartbeatResult::NotOpen);
  CHECK(box.connect() == ConnectResult::Started);
  box.mailbox.setState(State::Connecting, false);
  CHECK(box.ask() == HeartbeatResult::NotOpen);
  box.mailbox.setState(State::Open, false);
  CHECK(box.ask() == HeartbeatResult::Asked);
  CHECK(box.close() == CloseResult::Accepted);
  CHECK(box.ask() == HeartbeatResult::NotOpen);
}

TEST_CASE("mailbox: after destroy() nothing is accepted") {
  MailboxAndLoop box;
  box.open();
  Mailbox::Post post;
  box.mailbox.destroy(post);
  CHECK(post.wake);
  CHECK(box.send("late") == SendResult::Closed);
  CHECK(box.close() == CloseResult::AlreadyClosed);
  CHECK(box.round().commands == std::vector{Kind::Destroy});
}

TEST_CASE("mailbox: many threads post, and each message is counted and taken once") {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kMessages = 2000;
  MailboxAndLoop box({.maxMessages = kThreads * kMessages});
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&box] {
      for (std::size_t message = 0; message < kMessages; ++message) {
        Mailbox::Post post;
        const auto result = box.mailbox.send(3, post, MessageKind::Text, core::asBytes("abc"));
        CHECK(result == SendResult::Queued);
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
