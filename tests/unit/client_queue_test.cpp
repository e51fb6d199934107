#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "manual_client.hpp"

// What becomes of messages on their way through the public class.
namespace tidewire::internal {
namespace {

using namespace std::chrono_literals;
using test::kPage;
using test::ManualClient;
using test::ManualExecutor;
using Texts = std::vector<std::string>;

/// Runs what is due where callbacks of this mode run, and gives the turns that follow.
void runCallbacks(ManualClient& manual, ManualExecutor& executor) {
  manual.client().poll();
  executor.runAll();
  manual.turn();
}

constexpr std::array kCallbackModes = {Callbacks::Automatic, Callbacks::Poll, Callbacks::Executor};

}  // namespace

TEST_CASE("client: messages sent in onOpen leave before queued ones, wherever callbacks run") {
  for (const Callbacks mode : kCallbackModes) {
    ManualExecutor executor;
    ManualClient manual({.callbacks = mode, .executor = executor.executor()});
    manual.send("waited");
    manual.client().onOpen([&](const Opened&) {
      manual.send("login");
      manual.send("subscribe");
    });
    manual.open();
    if (mode != Callbacks::Automatic) {
      manual.send("meanwhile");
      manual.turn();
      CHECK(manual.sent().empty());
    }
    runCallbacks(manual, executor);
    manual.send("later");
    manual.turn();
    const Texts expected = mode == Callbacks::Automatic ? Texts{"login", "subscribe", "waited", "later"}
                                                        : Texts{"login", "subscribe", "waited", "meanwhile", "later"};
    CHECK(manual.sent() == expected);
  }
}

TEST_CASE("client: only onOpen's sends go first, not those of other callbacks") {
  ManualClient manual;
  manual.client().onStateChange([&](const StateChange& change) {
    if (change.to == State::Open) {
      manual.send("state");
    }
  });
  manual.client().onOpen([&](const Opened&) { manual.send("login"); });
  manual.send("waited");
  manual.open();
  CHECK(manual.sent() == Texts{"login", "waited", "state"});
}

TEST_CASE("client: without an onOpen, queued messages leave without a poll") {
  ManualClient manual({.callbacks = Callbacks::Poll});
  manual.send("waited");
  manual.open();
  CHECK(manual.sent() == Texts{"waited"});
}

TEST_CASE("client: messages sent in onOpen of an ended connection are dropped and reported as stale") {
  for (const Callbacks mode : {Callbacks::Poll, Callbacks::Executor}) {
    ManualExecutor executor;
    ManualClient manual({.callbacks = mode, .executor = executor.executor()});
    manual.client().onOpen([&](const Opened& opened) { manual.send("login " + std::to_string(opened.attempt)); });
    manual.open();
    manual.reopen();
    manual.send("ordinary");
    runCallbacks(manual, executor);
    CHECK(manual.sent() == Texts{"login 2", "ordinary"});
    runCallbacks(manual, executor);
    REQUIRE(manual.drops.size() == 1);
    CHECK(manual.drops[0].reason == DropReason::Stale);
    CHECK(manual.drops[0].messages == 1);
    CHECK(manual.drops[0].bytes == 7);
    CHECK(manual.client().stats().droppedMessages == 1);
    CHECK(manual.client().stats().queuedMessages == 0);
  }
}

TEST_CASE("client: messages sent in onOpen between the loss of its connection and the next opening are stale too") {
  ManualClient manual({.callbacks = Callbacks::Poll});
  manual.client().onOpen([&](const Opened& opened) { manual.send("login " + std::to_string(opened.attempt)); });
  manual.open();
  manual.transport().end();
  manual.turn();
  manual.client().poll();
  manual.turn();
  manual.client().poll();
  REQUIRE(manual.drops.size() == 1);
  CHECK(manual.drops[0].reason == DropReason::Stale);
  CHECK(manual.client().reconnect() == ReconnectResult::Started);
  manual.turn();
  manual.transport().succeed();
  manual.turn();
  manual.client().poll();
  manual.turn();
  CHECK(manual.sent() == Texts{"login 2"});
}

TEST_CASE("client: messages sent in onOpen after close() and connect() belong to the next connection") {
  ManualClient manual;
  int opens = 0;
  manual.client().onOpen([&](const Opened&) {
    if (++opens == 1) {
      CHECK(manual.client().close() == CloseResult::Accepted);
      CHECK(manual.client().connect() == ConnectResult::Started);
      manual.send("next");
    }
  });
  manual.connect();
  manual.transport().succeed();
  manual.turn();
  CHECK(manual.sent().empty());
  manual.transport().end();
  manual.turn();
  manual.transport().succeed();
  manual.turn();
  CHECK(manual.sent() == Texts{"next"});
}

TEST_CASE("client: a message that waits too long expires, and is reported") {
  ManualClient manual({.sendQueue = {.maxAge = 10s}});
  manual.send("early");
  manual.turn();
  manual.loop().passAndTurn(9s);
  manual.send("late");
  manual.turn();
  manual.loop().passAndTurn(1s);
  REQUIRE(manual.drops.size() == 1);
  CHECK(manual.drops[0].reason == DropReason::Expired);
  CHECK(manual.drops[0].messages == 1);
  CHECK(manual.drops[0].bytes == 5);
  manual.open();
  CHECK(manual.sent() == Texts{"late"});
}

TEST_CASE("client: where the oldest may be displaced, the newest arrive and every drop is reported") {
  ManualClient manual({.sendQueue = {.maxMessages = 2, .whenFull = WhenFull::DropOldest}});
  for (const char* const text : {"a", "b", "c"}) {
    manual.send(text);
  }
  manual.turn();
  manual.send("d");
  manual.turn();
  std::size_t dropped = 0;
  for (const Dropped& each : manual.drops) {
    CHECK(each.reason == DropReason::Displaced);
    CHECK(each.messages == each.bytes);
    dropped += each.messages;
  }
  CHECK(dropped == 2);
  CHECK(manual.client().stats().droppedMessages == 2);
  manual.open();
  CHECK(manual.sent() == Texts{"c", "d"});
}

TEST_CASE("client: a message's own whenNotOpen overrides the options") {
  const SendOptions refuse{.whenNotOpen = WhenNotOpen::Refuse};
  const SendOptions queue{.whenNotOpen = WhenNotOpen::Queue};
  ManualClient waiting;
  CHECK(waiting.client().send("a", refuse) == SendResult::NotOpen);
  CHECK(waiting.client().sendBinary(std::string("b"), refuse) == SendResult::NotOpen);
  CHECK(waiting.client().send("c") == SendResult::Queued);
  ManualClient refusing({.sendQueue = {.whenNotOpen = WhenNotOpen::Refuse}});
  CHECK(refusing.client().send("a") == SendResult::NotOpen);
  CHECK(refusing.client().send("b", queue) == SendResult::Queued);
  refusing.open();
  CHECK(refusing.client().send("c") == SendResult::Queued);
  refusing.turn();
  CHECK(refusing.sent() == Texts{"b", "c"});
}

TEST_CASE("client: under Refuse no message outlives the connection that accepted it") {
  for (const std::chrono::milliseconds maxAge :
       {0ms, 1000ms}) {  // They wait in the mailbox, and with an age in the queue.
    ManualClient manual({.sendQueue = {.maxAge = maxAge, .whenNotOpen = WhenNotOpen::Refuse}});
    manual.open();
    manual.transport().fill();
    manual.send("a");
    manual.turn();
    manual.send("b");
    manual.reopen();
    REQUIRE(manual.drops.size() == 1);
    CHECK(manual.drops[0].reason == DropReason::Stale);
    CHECK(manual.drops[0].messages == 2);
    CHECK(manual.drops[0].bytes == 2);
    CHECK(manual.closes[0].droppedMessages == 0);
    CHECK(manual.client().stats().queuedMessages == 0);
    CHECK(manual.sent() == Texts{});
    manual.send("c");
    manual.turn();
    CHECK(manual.sent() == Texts{"c"});
  }
}

TEST_CASE(
    "client: under Refuse a message sent between reconnect() and the loss does not wait for the next connection") {
  ManualClient manual({.sendQueue = {.whenNotOpen = WhenNotOpen::Refuse}});
  manual.open();
  CHECK(manual.client().reconnect() == ReconnectResult::Started);
  manual.send("a");
  manual.turn();
  manual.transport().succeed();
  manual.turn();
  REQUIRE(manual.drops.size() == 1);
  CHECK(manual.drops[0].reason == DropReason::Stale);
  CHECK(manual.drops[0].messages == 1);
  CHECK(manual.drops[0].bytes == 1);
  CHECK(manual.sent() == Texts{});
  manual.send("b");
  manual.turn();
  CHECK(manual.sent() == Texts{"b"});
}

TEST_CASE("client: messages dropped at the end are reported before the close event, and by close() while waiting") {
  ManualClient manual;
  manual.connect();
  manual.send("a");
  manual.transport().end({.cause = CloseCause::ConnectFailed});
  manual.turn();
  CHECK(manual.drops.empty());
  manual.client().close();
  manual.turn();
  CHECK(manual.log == Texts{"close", "dropped"});
  CHECK(manual.closes[0].droppedMessages == 0);
  CHECK(manual.client().stats().queuedMessages == 0);
  CHECK(manual.client().stats().droppedBytes == 1);
}

TEST_CASE("client: nothing dropped is not reported") {
  ManualClient manual;
  manual.open();
  manual.transport().end({.cause = CloseCause::MessageTooBig});
  manual.turn();
  CHECK(manual.log == Texts{"close"});
}

TEST_CASE("client: onDrain comes once the buffered amount has fallen to the low-water mark") {
  ManualClient manual({.sendQueue = {.lowWaterBytes = 4}});
  std::vector<std::size_t> drained;
  manual.client().onDrain([&](const Drained& event) { drained.push_back(event.bufferedAmount); });
  manual.open();
  manual.transport().holdBack();
  manual.send("0123456789");
  CHECK(manual.client().bufferedAmount() == 10);
  manual.turn();
  CHECK(manual.client().bufferedAmount() == 10);
  CHECK(drained.empty());
  manual.transport().write(5);
  CHECK(drained.empty());
  manual.transport().write(2);
  CHECK(drained == std::vector<std::size_t>{3});
  CHECK(manual.client().bufferedAmount() == 3);
  manual.transport().write(3);
  CHECK(drained.size() == 1);
}

TEST_CASE("client: a program that sends from onDrain goes on for as long as it has something") {
  for (const Callbacks mode : kCallbackModes) {
    for (const bool systemTakesItsTime : {false, true}) {
      CAPTURE(static_cast<int>(mode));
      CAPTURE(systemTakesItsTime);
      ManualExecutor executor;
      ManualClient manual({.callbacks = mode, .executor = executor.executor()});
      int left = 10;
      manual.client().onDrain([&](const Drained&) {
        if (left > 0) {
          --left;
          manual.send("more");
        }
      });
      manual.open();
      runCallbacks(manual, executor);
      if (systemTakesItsTime) {
        manual.transport().holdBack();
      }
      manual.send("first");
      manual.turn();
      for (int i = 0; i < 20; ++i) {
        manual.transport().write(manual.transport().bufferedBytes());
        runCallbacks(manual, executor);
      }
      CHECK(left == 0);
      CHECK(manual.sent().size() == 11);
    }
  }
}

TEST_CASE("client: without an onDrain nothing is delivered for it") {
  ManualClient manual({.callbacks = Callbacks::Poll});
  manual.open();
  manual.client().poll();
  manual.turn();
  manual.send("a");
  manual.turn();
  CHECK(manual.client().stats().deliveryEvents == 0);
}

TEST_CASE("client: the buffered amount covers the queue and the transport") {
  ManualClient manual;
  manual.send("12345");
  CHECK(manual.client().bufferedAmount() == 5);
  manual.open();
  CHECK(manual.client().bufferedAmount() == 0);
  manual.transport().holdBack();
  manual.send("123");
  manual.turn();
  manual.send("4567");
  CHECK(manual.client().bufferedAmount() == 7);
  manual.transport().end();
  manual.turn();
  CHECK(manual.client().bufferedAmount() == 4);
}

TEST_CASE("client: an answered Ping confirms earlier messages, but not those that it overtook") {
  for (const bool overtakes : {false, true}) {
    CAPTURE(overtakes);
    ManualClient manual;
    manual.open();
    if (overtakes) {
      manual.transport().holdBack();
    }
    manual.send("a");
    manual.send("b");
    manual.turn();
    CHECK(manual.client().heartbeat() == HeartbeatResult::Sent);
    manual.turn();
    manual.transport().pong();
    manual.send("c");
    manual.turn();
    manual.transport().end();
    manual.turn();
    REQUIRE(manual.closes.size() == 1);
    CHECK(manual.closes[0].unconfirmedMessages == (overtakes ? 3 : 1));
    CHECK(manual.client().stats().unconfirmedMessages == manual.closes[0].unconfirmedMessages);
  }
}

TEST_CASE("client: statistics count its attempts, messages and drops") {
  ManualClient manual;
  CHECK(manual.client().stats().attempts == 0);
  CHECK_FALSE(manual.client().stats().roundTrips.has_value());
  manual.connect();
  manual.transport().end({.cause = CloseCause::ConnectFailed});
  manual.turn();
  manual.client().reconnect();
  manual.turn();
  manual.transport().succeed({.connect = 7ms});
  manual.turn();
  manual.send("abc");
  manual.turn();
  manual.transport().receive("hello");
  manual.transport().receive("");
  manual.client().heartbeat();
  manual.turn();
  manual.loop().pass(40ms);
  manual.transport().pong();
  const Stats stats = manual.client().stats();
  CHECK(stats.attempts == 2);
  CHECK(stats.opens == 1);
  CHECK(stats.reconnects == 1);
  CHECK(stats.messagesSent == 1);
  CHECK(stats.bytesSent == 3);
  CHECK(stats.messagesReceived == 2);
  CHECK(stats.bytesReceived == 5);
  CHECK(stats.endings(CloseCause::ConnectFailed) == 1);
  CHECK(stats.endings(CloseCause::ConnectionLost) == 0);
  REQUIRE(stats.roundTrips.has_value());
  CHECK(stats.roundTrips->last == 40ms);
  REQUIRE(stats.lastHandshake.has_value());
  CHECK(stats.lastHandshake->connect == std::optional<std::chrono::microseconds>(7ms));
  CHECK(stats.queuedMessages == 0);
  CHECK(stats.deliveryEvents == 0);
}

TEST_CASE("client: messages through the queue and past it are counted alike") {
  ManualClient manual;
  manual.send("queued");
  manual.open();
  manual.send("past it");
  manual.turn();
  CHECK(manual.client().stats().messagesSent == 2);
  CHECK(manual.client().stats().bytesSent == 13);
  manual.transport().end();
  manual.turn();
  CHECK(manual.closes[0].unconfirmedMessages == 2);
}

TEST_CASE("pause: natively reading stops until resume(), also on the next connection") {
  ManualClient manual;
  manual.open();
  CHECK(manual.client().pause() == PauseResult::Accepted);
  CHECK(manual.transport().reading());
  manual.turn();
  CHECK_FALSE(manual.transport().reading());
  manual.reopen();
  CHECK_FALSE(manual.transport().reading());
  CHECK(manual.client().resume() == PauseResult::Accepted);
  manual.turn();
  CHECK(manual.transport().reading());
}

TEST_CASE("pause: liveness is not judged meanwhile") {
  ManualClient manual({.heartbeat = {.interval = 25s, .timeout = 10s}});
  manual.open();
  manual.client().pause();
  manual.turn();
  manual.loop().passAndTurn(1h);
  CHECK(manual.client().state() == State::Open);
  CHECK(manual.transport().pings() == 0);
  manual.client().resume();
  manual.turn();
  manual.loop().passAndTurn(0s);
  CHECK(manual.transport().pings() == 1);
}

TEST_CASE("pause: messages that were already read are still delivered") {
  ManualClient manual;
  Texts received;
  manual.noteTexts(received);
  manual.open();
  manual.client().pause();
  manual.turn();
  manual.transport().receive("rest of a read");
  CHECK(received == Texts{"rest of a read"});
}

TEST_CASE("pause: a page holds messages, and the events behind them, until resume()") {
  ManualClient manual({}, kPage);
  Texts received;
  manual.noteTexts(received);
  manual.open();
  manual.client().pause();
  manual.turn();
  manual.transport().receive("a");
  manual.transport().receive("b");
  manual.transport().end();
  CHECK(received.empty());
  CHECK(manual.closes.empty());
  CHECK(manual.client().stats().deliveryEvents > 2);
  manual.client().resume();
  manual.turn();
  CHECK(received == Texts{"a", "b"});
  CHECK(manual.closes.size() == 1);
}

TEST_CASE("pause: on a page messages sent in onOpen go first even if onOpen had to wait for resume()") {
  ManualClient manual({}, kPage);
  manual.client().onOpen([&](const Opened& opened) {
    if (opened.attempt == 2) {
      manual.send("login");
    }
  });
  manual.open();
  manual.client().pause();
  manual.turn();
  manual.transport().receive("held back");
  manual.send("waited");
  manual.reopen();
  CHECK(manual.client().stats().opens == 2);
  manual.send("waited too");
  manual.turn();
  CHECK(manual.sent().empty());
  manual.client().resume();
  manual.turn();
  CHECK(manual.sent() == Texts{"login", "waited", "waited too"});
}

TEST_CASE("pause: on a page messages sent in a held onOpen of an ended connection are stale") {
  ManualClient manual({}, kPage);
  manual.connect();
  manual.client().onOpen([&](const Opened& opened) { manual.send("login " + std::to_string(opened.attempt)); });
  manual.client().pause();
  manual.turn();
  manual.transport().succeed();
  manual.transport().receive("held back");
  manual.reopen();
  manual.transport().receive("held back too");
  manual.reopen();
  manual.client().resume();
  manual.turn();
  CHECK(manual.sent() == Texts{"login 3"});
  REQUIRE(manual.drops.size() == 1);
  CHECK(manual.drops[0].reason == DropReason::Stale);
}

TEST_CASE("pause: a page that holds back too much loses its connection as a slow consumer") {
  ManualClient manual({.deliveryQueueBytes = 100}, kPage);
  manual.open();
  manual.client().pause();
  manual.turn();
  manual.transport().receive(std::string(200, 'x'));
  CHECK(manual.client().state() == State::Waiting);
  manual.client().resume();
  manual.turn();
  REQUIRE(manual.closes.size() == 1);
  CHECK(manual.closes[0].cause == CloseCause::SlowConsumer);
}

}  // namespace tidewire::internal
