#include "mailbox.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <vector>

#include "mailbox_and_loop.hpp"

// What may wait, how much of it, and what is told of it.
namespace tidewire::internal {
namespace {

using namespace std::chrono_literals;
using test::MailboxAndLoop;
using Kind = Command::Kind;
using Sizes = std::vector<std::size_t>;

}  // namespace

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

TEST_CASE("mailbox: messages in the connection's queue count until they have left") {
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

TEST_CASE("mailbox: messages sent between taking and settling are counted once") {
  MailboxAndLoop box({.maxBytes = 100, .maxMessages = 100});
  CHECK(box.send(30) == SendResult::Queued);
  box.mailbox.hold();
  (void)box.mailbox.take();
  CHECK(box.send(30) == SendResult::Queued);
  CHECK_FALSE(box.mailbox.settle({1, 30}));
  CHECK(box.send(41) == SendResult::QueueFull);
  CHECK(box.send(40) == SendResult::Queued);
}

TEST_CASE("mailbox: messages of onOpen are taken separately, and count like the rest") {
  MailboxAndLoop box({.maxBytes = 100, .maxMessages = 3});
  box.open();
  CHECK(box.send("a") == SendResult::Queued);
  CHECK(box.sendFirst("bb") == SendResult::Queued);
  CHECK(box.send("ccc") == SendResult::Queued);
  CHECK(box.sendFirst("one too many") == SendResult::QueueFull);
  CHECK(box.mailbox.bufferedAmount() == 6);
  const auto taken = box.round();
  CHECK(taken.sizes == Sizes{1, 3});
  CHECK(taken.firstSizes == Sizes{2});
  CHECK(box.mailbox.bufferedAmount() == 0);
}

TEST_CASE("mailbox: messages of onOpen cause another turn, and are dropped with the rest in Closed") {
  MailboxAndLoop box;
  box.open();
  box.mailbox.hold();
  (void)box.mailbox.take();
  CHECK(box.sendFirst("aa") == SendResult::Queued);
  CHECK_FALSE(box.mailbox.settle({}));
  CHECK(box.send("bbb") == SendResult::Queued);
  const DroppedCount dropped = box.become(State::Closed);
  CHECK(dropped.messages == 2);
  CHECK(dropped.bytes == 5);
  const auto taken = box.round();
  CHECK(taken.sizes.empty());
  CHECK(taken.firstSizes.empty());
}

TEST_CASE("mailbox: a message that shall not wait is refused unless the client is open") {
  MailboxAndLoop box;
  CHECK(box.sendIfOpen("a") == SendResult::NotOpen);
  CHECK(box.connect() == ConnectResult::Started);
  CHECK(box.sendIfOpen("a") == SendResult::NotOpen);
  (void)box.round();
  for (const State state : {State::Connecting, State::Waiting}) {
    box.become(state);
    CHECK(box.sendIfOpen("a") == SendResult::NotOpen);
  }
  box.become(State::Open);
  CHECK(box.sendIfOpen("a") == SendResult::Queued);
  CHECK(box.close() == CloseResult::Accepted);
  CHECK(box.sendIfOpen("a") == SendResult::Closed);
}

TEST_CASE("mailbox: with DropOldest the mailbox stays within the limits, and drops are counted") {
  MailboxAndLoop box({.maxBytes = 100, .maxMessages = 3, .whenFull = WhenFull::DropOldest});
  CHECK(box.send(40) == SendResult::Queued);
  CHECK(box.send(30) == SendResult::Queued);
  CHECK(box.send(20) == SendResult::Queued);
  CHECK(box.send(1) == SendResult::Queued);
  CHECK(box.mailbox.bufferedAmount() == 51);
  CHECK(box.send(100) == SendResult::Queued);
  CHECK(box.send(101) == SendResult::TooLarge);
  CHECK(box.stats().queuedMessages == 1);
  const auto taken = box.round();
  CHECK(taken.sizes == Sizes{100});
  CHECK(taken.dropped.displaced.messages == 4);
  CHECK(taken.dropped.displaced.bytes == 91);
  CHECK(box.round().dropped.displaced.messages == 0);
}

TEST_CASE("mailbox: commands keep their place among messages of which some are dropped") {
  MailboxAndLoop box({.maxMessages = 3, .whenFull = WhenFull::DropOldest});
  CHECK(box.send(1) == SendResult::Queued);
  CHECK(box.connect() == ConnectResult::Started);
  CHECK(box.send(2) == SendResult::Queued);
  CHECK(box.send(3) == SendResult::Queued);
  CHECK(box.reconnect() == ReconnectResult::Started);
  CHECK(box.send(4) == SendResult::Queued);
  CHECK(box.send(5) == SendResult::Queued);
  const auto taken = box.round();
  CHECK(taken.sizes == Sizes{3, 4, 5});
  CHECK(taken.commands == std::vector{Kind::Connect, Kind::Reconnect});
  CHECK(taken.messagesBefore == Sizes{0, 1});
}

TEST_CASE("mailbox: behind a full queue of the connection's, as much again may be posted") {
  MailboxAndLoop box({.maxBytes = 100, .maxMessages = 10, .whenFull = WhenFull::DropOldest});
  (void)box.round(2, 100);
  CHECK(box.send(60) == SendResult::Queued);
  CHECK(box.send(40) == SendResult::Queued);
  CHECK(box.mailbox.bufferedAmount() == 200);
  CHECK(box.send(10) == SendResult::Queued);
  CHECK(box.mailbox.bufferedAmount() == 150);
}

TEST_CASE("mailbox: messages of onOpen are not displaced by later ones, and are limited too") {
  MailboxAndLoop box({.maxBytes = 100, .maxMessages = 3, .whenFull = WhenFull::DropOldest});
  box.open();
  CHECK(box.send("a") == SendResult::Queued);
  CHECK(box.sendFirst("bb") == SendResult::Queued);
  CHECK(box.sendFirst("ccc") == SendResult::Queued);
  CHECK(box.sendFirst("dddd") == SendResult::Queued);
  CHECK(box.sendFirst("one too many") == SendResult::QueueFull);
  CHECK(box.send("another") == SendResult::QueueFull);
  const auto taken = box.round();
  CHECK(taken.sizes.empty());
  CHECK(taken.firstSizes == Sizes{2, 3, 4});
  CHECK(taken.dropped.displaced.messages == 1);
}

TEST_CASE("mailbox: messages of onOpen after a close() are for another connection, and wait in order") {
  MailboxAndLoop box;
  box.open();
  CHECK(box.sendFirst("a") == SendResult::Queued);
  CHECK(box.close() == CloseResult::Accepted);
  CHECK(box.connect() == ConnectResult::Started);
  CHECK(box.sendFirst("bb") == SendResult::Queued);
  const auto taken = box.round();
  CHECK(taken.firstSizes == Sizes{1});
  CHECK(taken.sizes == Sizes{2});
}

TEST_CASE("mailbox: the low-water mark is reported once, when the buffered amount has fallen to it") {
  MailboxAndLoop box({.lowWaterBytes = 10});
  box.open();
  CHECK_FALSE(box.mailbox.hasDrained({}));
  CHECK(box.send(10) == SendResult::Queued);
  (void)box.round();
  CHECK_FALSE(box.mailbox.hasDrained({}));
  CHECK(box.send(11) == SendResult::Queued);
  (void)box.round(0, 0, 11);
  CHECK_FALSE(box.mailbox.hasDrained({0, 0, 11}));
  CHECK(box.mailbox.hasDrained({0, 0, 10}));
  CHECK_FALSE(box.mailbox.hasDrained({}));
}

TEST_CASE("mailbox: the bytes of queue, transport and mailbox count together") {
  MailboxAndLoop box({.lowWaterBytes = 10});
  box.open();
  CHECK_FALSE(box.mailbox.hasDrained({1, 4, 7}));
  CHECK(box.mailbox.hasDrained({1, 4, 6}));
  CHECK(box.send(7) == SendResult::Queued);
  CHECK_FALSE(box.mailbox.hasDrained({1, 4, 0}));
  (void)box.mailbox.take();
  CHECK(box.mailbox.hasDrained({1, 4, 0}));
}

TEST_CASE("mailbox: the buffered amount includes the transport's bytes at the last settling") {
  MailboxAndLoop box;
  box.open();
  CHECK(box.send(5) == SendResult::Queued);
  CHECK(box.mailbox.bufferedAmount() == 5);
  (void)box.round(1, 2, 3);
  CHECK(box.mailbox.bufferedAmount() == 5);
  CHECK(box.send(100) == SendResult::Queued);
  CHECK(box.mailbox.bufferedAmount() == 105);
}

TEST_CASE("mailbox: statistics have the present queue, and what the transport buffered at the last settling") {
  MailboxAndLoop box;
  box.open();
  box.mailbox.hold();
  CHECK(box.mailbox.settle({.messages = 2, .bytes = 20, .transportBytes = 7}));
  CHECK(box.send(5) == SendResult::Queued);
  const Stats stats = box.stats();
  CHECK(stats.queuedMessages == 3);
  CHECK(stats.queuedBytes == 25);
  CHECK(stats.bufferedBytes == 32);
}

TEST_CASE("mailbox: a message that was accepted before there was a client is dropped and counted if it does not fit") {
  MailboxAndLoop box({.maxBytes = 10, .maxAge = 100ms});
  const auto late = [&box](std::string_view text, std::chrono::milliseconds waited) {
    return box.send(text, {.waited = waited});
  };
  CHECK(late("fits", 99ms) == SendResult::Queued);
  CHECK(late("too large for it", 0ms) == SendResult::TooLarge);
  CHECK(late("no room", 99ms) == SendResult::QueueFull);
  CHECK(late("old", 100ms) == SendResult::QueueFull);
  CHECK(box.send("no room") == SendResult::QueueFull);
  const auto taken = box.round();
  CHECK(taken.sizes == Sizes{4});
  CHECK(taken.dropped.refused.messages == 2);
  CHECK(taken.dropped.refused.bytes == 23);
  CHECK(taken.dropped.expired.messages == 1);
  CHECK(taken.dropped.expired.bytes == 3);
}

TEST_CASE("mailbox: a refused message alone wakes the loop, so that it is reported") {
  MailboxAndLoop box({.maxBytes = 1});
  CHECK(box.send("large", {.waited = 0ms}) == SendResult::TooLarge);
  CHECK(box.wakes() == 1);
  box.mailbox.hold();
  CHECK_FALSE(box.mailbox.settle({}));
  CHECK(box.round().settled);
}

}  // namespace tidewire::internal
