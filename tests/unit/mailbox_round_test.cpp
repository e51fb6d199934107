#include <doctest/doctest.h>

#include <vector>

#include "mailbox_and_loop.hpp"

// What the loop's thread and its callbacks do between `hold` and `settle`.
namespace tidewire::internal {
namespace {

using test::MailboxAndLoop;
using Kind = Command::Kind;
using Sizes = std::vector<std::size_t>;

Sizes sizesOf(PayloadStore::Batch& batch) {
  Sizes sizes;
  while (const auto message = batch.next()) {
    sizes.push_back(message->sizeBytes);
  }
  return sizes;
}

}  // namespace

TEST_CASE("mailbox: messages of callbacks precede what was posted after them, and count at once") {
  MailboxAndLoop box;
  box.open();
  (void)box.round();
  box.mailbox.hold();
  CHECK(box.sendHere("a") == SendResult::Queued);
  CHECK(box.sendHere("bb") == SendResult::Queued);
  CHECK(box.mailbox.bufferedAmount() == 3);
  CHECK(box.stats().queuedMessages == 2);
  CHECK(box.send("ccc") == SendResult::Queued);
  // From now on a callback's message might overtake the one just posted.
  CHECK_FALSE(box.mailbox.takesHere());
  CHECK(box.reconnect() == ReconnectResult::Started);
  CHECK(box.send("dddd") == SendResult::Queued);
  Mailbox::Batch batch = box.mailbox.take();
  CHECK(sizesOf(batch.messages) == Sizes{1, 2, 3, 4});
  REQUIRE(batch.commands.size() == 1);
  CHECK(batch.commands[0].messagesBefore == 3);
  CHECK(box.mailbox.settle({}));
  CHECK(box.mailbox.bufferedAmount() == 0);
}

TEST_CASE("mailbox: callbacks take the lock outside a round, while not open, behind posts and while closing") {
  MailboxAndLoop box;
  CHECK_FALSE(box.mailbox.takesHere());
  box.mailbox.hold();
  CHECK_FALSE(box.mailbox.takesHere());
  (void)box.mailbox.take();
  CHECK(box.mailbox.settle({}));

  box.open();
  (void)box.round();
  CHECK_FALSE(box.mailbox.takesHere());
  (void)box.send("posted");
  box.mailbox.hold();
  CHECK_FALSE(box.mailbox.takesHere());
  (void)box.mailbox.take();
  CHECK_FALSE(box.mailbox.takesHere());
  CHECK(box.mailbox.settle({}));

  box.mailbox.hold();
  CHECK(box.mailbox.takesHere());
  CHECK(box.close() == CloseResult::Accepted);
  CHECK_FALSE(box.mailbox.takesHere());
}

TEST_CASE("mailbox: messages of callbacks are limited together with all others") {
  MailboxAndLoop box({.maxBytes = 10});
  box.open();
  (void)box.round(1, 4);
  box.mailbox.hold();
  CHECK(box.sendHere("12345") == SendResult::Queued);
  CHECK_FALSE(box.sendHere("67"));
  CHECK(box.send("67") == SendResult::QueueFull);
  CHECK(box.send("6") == SendResult::Queued);
}

TEST_CASE("mailbox: messages of callbacks are dropped with the rest in Closed, and raise the low-water mark") {
  MailboxAndLoop box({.lowWaterBytes = 4});
  box.open();
  (void)box.round();
  box.mailbox.hold();
  CHECK(box.sendHere("12345") == SendResult::Queued);
  (void)box.mailbox.take();
  CHECK(box.mailbox.hasDrained({}));
  CHECK(box.mailbox.settle({}));

  box.mailbox.hold();
  CHECK(box.sendHere("12345") == SendResult::Queued);
  const DroppedCount dropped = box.become(State::Closed);
  CHECK(dropped.messages == 1);
  CHECK(dropped.bytes == 5);
}

TEST_CASE("mailbox: messages given back stay in order, count, and wake no loop until a command comes") {
  MailboxAndLoop box;
  box.open();
  (void)box.round();
  (void)box.send("a");
  (void)box.send("bb");
  const int wakes = box.wakes();
  box.mailbox.hold();
  Mailbox::Batch batch = box.mailbox.take();
  CHECK(batch.messages.next()->sizeBytes == 1);
  (void)box.send("ccc");
  box.mailbox.giveBack(std::move(batch.messages));
  CHECK(box.mailbox.settle({}));
  CHECK(box.mailbox.bufferedAmount() == 5);
  (void)box.send("dddd");
  CHECK(box.wakes() == wakes);
  CHECK(box.reconnect() == ReconnectResult::Started);
  CHECK(box.wakes() == wakes + 1);
  CHECK(box.probe() == HeartbeatResult::Sent);
  CHECK(box.wakes() == wakes + 1);
  const auto taken = box.round();
  CHECK(taken.sizes == Sizes{2, 3, 4});
  CHECK(taken.messagesBefore == Sizes{3, 3});
  CHECK(box.mailbox.bufferedAmount() == 0);
}

TEST_CASE("mailbox: a command stays behind messages that the loop had taken and gives back") {
  MailboxAndLoop box;
  box.open();
  (void)box.round();
  (void)box.send("a");
  (void)box.send("bb");
  box.mailbox.hold();
  Mailbox::Batch batch = box.mailbox.take();
  (void)box.send("ccc");
  CHECK(box.reconnect() == ReconnectResult::Started);
  (void)box.send("dddd");
  box.mailbox.giveBack(std::move(batch.messages));
  CHECK_FALSE(box.mailbox.settle({}));
  const auto taken = box.round();
  CHECK(taken.sizes == Sizes{1, 2, 3, 4});
  CHECK(taken.messagesBefore == Sizes{3});
}

TEST_CASE("mailbox: a command during the round in which messages were given back has another turn come") {
  MailboxAndLoop box;
  box.open();
  (void)box.round();
  (void)box.send("a");
  box.mailbox.hold();
  Mailbox::Batch batch = box.mailbox.take();
  box.mailbox.giveBack(std::move(batch.messages));
  (void)box.reconnect();
  CHECK_FALSE(box.mailbox.settle({}));
}

}  // namespace tidewire::internal
