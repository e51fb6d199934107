#include <doctest/doctest.h>

#include <vector>

#include "driven_connection.hpp"

// What the connection does with messages: when they may leave, when they are dropped, and what is known of them after.
namespace tidewire::core::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t kPolicyViolation = 1008;

// An open connection that has handed over so many messages.
void openAndSend(DrivenConnection& driven, std::size_t messages) {
  driven.goTo(State::Open);
  for (std::uintptr_t name = 1; name <= messages; ++name) {
    driven.enqueue(name);
  }
  CHECK(driven.send().size() == messages);
}

// Asks now; `last`: behind everything that was handed over. Returns the payload of the Ping.
std::array<std::byte, 8> probeOf(DrivenConnection& driven, bool last) {
  driven.probeNow();
  const auto payload = driven.only<SendPing>().payload;
  driven.probeHandedOver(last);
  return payload;
}

std::uint64_t unconfirmedAfter(DrivenConnection& driven, const Ending& ending = {}) {
  driven.ended(ending);
  return driven.only<CloseInfo>().unconfirmedMessages;
}

}  // namespace

TEST_CASE("close: the Close frame follows the messages queued while open, and nothing follows it") {
  DrivenConnection driven;
  driven.goTo(State::Open);
  for (std::uintptr_t name = 1; name <= 3; ++name) {
    driven.enqueue(name);
  }
  driven.close(4000, "done");
  CHECK(driven.send(2) == Names{1, 2});
  CHECK(driven.all<SendClose>().empty());
  CHECK(driven.send() == Names{3});
  CHECK(driven.only<SendClose>().code == 4000);
  CHECK(driven.only<SendClose>().reason == "done");
  driven.enqueue(4);
  CHECK(driven.send() == Names{});
  CHECK(driven.actions().empty());
  driven.ended({.cause = CloseCause::ClosedByPeer, .code = 4000});
  CHECK(driven.only<CloseInfo>().cause == CloseCause::ClosedByUser);
  CHECK(driven.only<CloseInfo>().code == 4000);
}

TEST_CASE("close: an end with unsent messages reports the dropped ones") {
  DrivenConnection driven;
  driven.goTo(State::Open);
  for (std::uintptr_t name = 1; name <= 5; ++name) {
    driven.enqueue(name);
  }
  driven.close();
  CHECK(driven.send(2) == Names{1, 2});
  driven.ended();
  CHECK(driven.only<CloseInfo>().droppedMessages == 3);
  CHECK(driven.connection().queue().empty());
}

TEST_CASE("close: while waiting, it drops the queue and reports that, without a further close event") {
  DrivenConnection driven;
  driven.goTo(State::Waiting);
  driven.enqueue(1);
  driven.close();
  CHECK(driven.path() == Path{State::Closed});
  CHECK(driven.all<CloseInfo>().empty());
  CHECK(driven.only<Dropped>().messages == 1);
  CHECK(driven.connection().queue().empty());
}

TEST_CASE("connect: in Closing it waits for the end, and messages queued after it stay") {
  DrivenConnection driven;
  driven.goTo(State::Open);
  driven.enqueue(1);
  driven.enqueue(2);
  driven.close();
  driven.connect();
  CHECK(driven.actions().empty());
  driven.enqueue(3);
  CHECK(driven.send(1) == Names{1});
  driven.ended();
  CHECK(driven.path() == Path{State::Closed, State::Connecting});
  CHECK(driven.only<CloseInfo>().droppedMessages == 1);
  CHECK_FALSE(driven.only<CloseInfo>().willRetry);
  driven.opened();
  CHECK(driven.send() == Names{3});
}

TEST_CASE("connect: in Closing another close() cancels it, with the messages queued after it") {
  DrivenConnection driven;
  driven.goTo(State::Closing);
  driven.connect();
  driven.enqueue(1);
  driven.close();
  driven.ended();
  CHECK(driven.path() == Path{State::Closed});
  CHECK(driven.only<CloseInfo>().droppedMessages == 1);
  CHECK(driven.connection().queue().empty());
}

TEST_CASE("retry: queued messages survive it, and leave in order once open") {
  DrivenConnection driven;
  driven.enqueue(1);
  driven.connect();
  driven.enqueue(2);
  CHECK(driven.send() == Names{});
  driven.ended({.cause = CloseCause::ConnectFailed});
  driven.enqueue(3);
  CHECK(driven.send() == Names{});
  driven.untilDeadline();
  driven.opened();
  CHECK(driven.send() == Names{1, 2, 3});
}

TEST_CASE("retry: a final end drops the queued messages, and reports them") {
  DrivenConnection driven;
  driven.goTo(State::Open);
  driven.enqueue(1);
  driven.enqueue(2);
  driven.ended({.cause = CloseCause::ClosedByPeer, .code = 1008});
  CHECK(driven.path() == Path{State::Closed});
  CHECK(driven.only<CloseInfo>().droppedMessages == 2);
  CHECK(driven.only<CloseInfo>().retryIn == 0ms);
  CHECK(driven.connection().queue().empty());
}

TEST_CASE("onOpen: its messages leave at once, and earlier ones wait until it has returned") {
  DrivenConnection driven;
  driven.onOpenTakesTime();
  driven.connect();
  driven.enqueue(1);
  driven.opened();
  CHECK(driven.send() == Names{});
  driven.enqueueFirst(10);
  driven.enqueue(2);
  CHECK(driven.send() == Names{10});
  driven.enqueueFirst(11);
  driven.openReturned();
  CHECK(driven.send() == Names{11, 1, 2});
}

TEST_CASE("onOpen: only its own connection's return counts") {
  DrivenConnection driven;
  driven.onOpenTakesTime();
  driven.goTo(State::Open);
  driven.openReturned();
  driven.ended();
  driven.untilDeadline();
  driven.opened();
  driven.enqueue(1);
  CHECK(driven.send() == Names{});
  driven.openReturned(1);
  CHECK(driven.send() == Names{});
  driven.openReturned(2);
  CHECK(driven.send() == Names{1});
}

TEST_CASE("refuse: what a lost connection did not take is dropped as stale, and reported") {
  for (const WhenNotOpen whenNotOpen : {WhenNotOpen::Refuse, WhenNotOpen::Queue}) {
    const bool ends = whenNotOpen == WhenNotOpen::Refuse;
    DrivenConnection driven({.sendQueue = {.whenNotOpen = whenNotOpen}});
    driven.goTo(State::Open);
    driven.enqueue(1);
    driven.enqueue(2);
    driven.ended();
    if (ends) {
      CHECK(driven.only<Dropped>().reason == DropReason::Stale);
      CHECK(driven.only<Dropped>().messages == 2);
      CHECK(driven.only<CloseInfo>().droppedMessages == 0);
    }
    driven.untilDeadline();
    driven.opened();
    CHECK(driven.send() == (ends ? Names{} : Names{1, 2}));
  }
}

TEST_CASE("refuse: what was queued all the same survives an attempt that fails") {
  DrivenConnection driven({.sendQueue = {.whenNotOpen = WhenNotOpen::Refuse}});
  driven.enqueue(1);
  driven.goTo(State::Connecting);
  driven.ended();
  driven.untilDeadline();
  driven.opened();
  CHECK(driven.send() == Names{1});
}

TEST_CASE("onOpen: its messages that did not leave with its connection are dropped as stale, and reported") {
  DrivenConnection driven;
  driven.onOpenTakesTime();
  driven.goTo(State::Open);
  driven.enqueue(1);
  driven.enqueueFirst(10);
  driven.ended();
  CHECK(driven.only<Dropped>().reason == DropReason::Stale);
  CHECK(driven.only<Dropped>().messages == 1);
  CHECK(driven.only<CloseInfo>().droppedMessages == 0);
  driven.untilDeadline();
  driven.opened();
  CHECK(driven.send() == Names{});
  driven.enqueueFirst(20);
  driven.openReturned();
  CHECK(driven.send() == Names{20, 1});
}

TEST_CASE("onOpen: a close() in it sends its messages, the queued ones, and then the Close frame") {
  DrivenConnection driven;
  driven.onOpenTakesTime();
  driven.goTo(State::Open);
  driven.enqueue(1);
  driven.enqueueFirst(10);
  driven.close();
  CHECK(driven.send() == Names{10, 1});
  CHECK(driven.all<SendClose>().size() == 1);
}

TEST_CASE("pass through: a message need not be queued only while open, after onOpen, behind nothing") {
  DrivenConnection driven;
  driven.onOpenTakesTime();
  CHECK_FALSE(driven.connection().passesThrough());
  driven.goTo(State::Open);
  CHECK_FALSE(driven.connection().passesThrough());
  driven.openReturned();
  CHECK(driven.connection().passesThrough());
  driven.enqueue(1);
  CHECK_FALSE(driven.connection().passesThrough());
  (void)driven.send();
  CHECK(driven.connection().passesThrough());
  driven.close();
  CHECK_FALSE(driven.connection().passesThrough());
}

TEST_CASE("expiry: in every state a message that waited too long is dropped when its time is over, and reported") {
  for (const State state : {State::Idle, State::Connecting, State::Open, State::Waiting}) {
    CAPTURE(std::string(nameOf(state)));
    // Longer than anything else takes.
    DrivenConnection driven({.connectTimeout = 1h, .reconnect = {.firstDelay = 2h}, .sendQueue = {.maxAge = 10s}});
    driven.onOpenTakesTime();
    driven.goTo(state);
    driven.enqueue(1, 5);
    driven.pass(4s);
    driven.enqueue(2, 7);
    const Time first = driven.now() + 6s;
    CHECK(driven.connection().deadline() == first);
    driven.untilDeadline();
    CHECK(driven.only<Dropped>().reason == DropReason::Expired);
    CHECK(driven.only<Dropped>().messages == 1);
    CHECK(driven.only<Dropped>().bytes == 5);
    CHECK(driven.actions().size() == 1);
    CHECK(driven.connection().deadline() == first + 4s);
    driven.untilDeadline();
    CHECK(driven.only<Dropped>().bytes == 7);
    CHECK(driven.connection().queue().empty());
    CHECK(driven.state() == state);
  }
}

TEST_CASE("expiry: a message is not handed over once its time is over, even if no tick came") {
  DrivenConnection driven({.sendQueue = {.maxAge = 10s}});
  driven.enqueue(1);
  driven.pass(1ns);
  driven.enqueue(2);
  driven.goTo(State::Open);
  driven.pass(10s - 1ns);
  CHECK(driven.send() == Names{2});
  CHECK(driven.only<Dropped>().messages == 1);
}

TEST_CASE("expiry: several at once are one report, and the state's own deadline stays") {
  DrivenConnection driven({.connectTimeout = 15s, .sendQueue = {.maxAge = 20s}});
  driven.enqueue(1, 1);
  driven.enqueue(2, 2);
  driven.pass(19s);
  driven.connect();
  CHECK(driven.connection().deadline() == driven.now() + 1s);
  driven.untilDeadline();
  CHECK(driven.only<Dropped>().messages == 2);
  CHECK(driven.only<Dropped>().bytes == 3);
  CHECK(driven.connection().deadline() == driven.now() + 14s);
}

TEST_CASE("expiry: messages that expire in Closing do not delay the Close frame") {
  DrivenConnection driven({.closeTimeout = 1min, .sendQueue = {.maxAge = 10s}});
  driven.goTo(State::Open);
  driven.enqueue(1);
  driven.enqueue(2);
  driven.close();
  CHECK(driven.send(1) == Names{1});
  driven.passAndTick(10s);
  CHECK(driven.only<Dropped>().reason == DropReason::Expired);
  CHECK(driven.send() == Names{});
  CHECK(driven.all<SendClose>().size() == 1);
  driven.ended({.cause = CloseCause::ClosedByPeer, .code = 1000});
  CHECK(driven.only<CloseInfo>().droppedMessages == 0);
}

TEST_CASE("expiry: without a limit messages wait for ever") {
  DrivenConnection driven;
  driven.enqueue(1);
  CHECK(driven.connection().deadline() == std::nullopt);
  driven.passAndTick(24h);
  CHECK(driven.actions().empty());
  driven.goTo(State::Open);
  CHECK(driven.send() == Names{1});
}

TEST_CASE("trimming: the oldest messages are dropped until count and bytes are within the limits") {
  DrivenConnection driven({.sendQueue = {.maxBytes = 100, .maxMessages = 3}});
  driven.enqueue(1, 10);
  driven.enqueue(2, 20);
  driven.enqueue(3, 30);
  driven.trimQueue();
  CHECK(driven.actions().empty());
  driven.enqueue(4, 40);
  driven.trimQueue();
  CHECK(driven.only<Dropped>().reason == DropReason::Displaced);
  CHECK(driven.only<Dropped>().messages == 1);
  CHECK(driven.only<Dropped>().bytes == 10);
  driven.enqueue(5, 60);
  driven.trimQueue();
  CHECK(driven.only<Dropped>().messages == 2);
  CHECK(driven.only<Dropped>().bytes == 50);
  driven.goTo(State::Open);
  CHECK(driven.send() == Names{4, 5});
}

TEST_CASE("trimming: messages of onOpen are dropped last, and Closing does not wait for dropped ones") {
  DrivenConnection driven({.sendQueue = {.maxMessages = 1}});
  driven.goTo(State::Open);
  driven.enqueue(1);
  driven.enqueueFirst(10);
  driven.close();
  driven.trimQueue();
  CHECK(driven.only<Dropped>().messages == 1);
  CHECK(driven.send() == Names{10});
  CHECK(driven.all<SendClose>().size() == 1);
}

TEST_CASE("drops: an end for good reports them once, after the state and before the close event") {
  DrivenConnection driven;
  driven.goTo(State::Open);
  driven.enqueue(1, 10);
  driven.enqueueFirst(2, 20);
  driven.ended({.cause = CloseCause::ClosedByPeer, .code = kPolicyViolation});
  REQUIRE(driven.actions().size() == 4);
  CHECK(std::holds_alternative<Abort>(driven.actions()[0]));
  CHECK(std::holds_alternative<StateChange>(driven.actions()[1]));
  CHECK(std::holds_alternative<Dropped>(driven.actions()[2]));
  CHECK(std::holds_alternative<CloseInfo>(driven.actions()[3]));
  CHECK(driven.only<Dropped>().reason == DropReason::Closed);
  CHECK(driven.only<Dropped>().messages == 2);
  CHECK(driven.only<Dropped>().bytes == 30);
  CHECK(driven.only<CloseInfo>().droppedMessages == 2);
}

TEST_CASE("drops: while a retry follows nothing is dropped") {
  DrivenConnection driven;
  driven.goTo(State::Open);
  driven.enqueue(1);
  driven.ended();
  CHECK(driven.all<Dropped>().empty());
  CHECK(driven.connection().queue().count() == 1);
}

TEST_CASE("unconfirmed: messages handed over without a confirmation are counted, queued ones are not") {
  DrivenConnection driven;
  openAndSend(driven, 3);
  driven.handedOver(2);
  driven.enqueue(9);
  driven.bytesArrived();
  CHECK(unconfirmedAfter(driven) == 5);
  CHECK(driven.only<CloseInfo>().willRetry);
}

TEST_CASE("unconfirmed: each connection counts for itself, and an attempt that never opened has none") {
  DrivenConnection driven;
  openAndSend(driven, 3);
  const auto probe = probeOf(driven, true);
  driven.ended();
  driven.untilDeadline();
  CHECK(unconfirmedAfter(driven, {.cause = CloseCause::ConnectFailed}) == 0);
  driven.untilDeadline();
  driven.opened();
  driven.pongArrived(probe);
  driven.handedOver(1);
  CHECK(unconfirmedAfter(driven) == 1);
}

TEST_CASE("unconfirmed: an answer confirms messages handed over before its heartbeat, and none after it") {
  DrivenConnection driven;
  openAndSend(driven, 3);
  const auto probe = probeOf(driven, true);
  driven.handedOver(2);
  driven.pongArrived(probe);
  driven.handedOver(1);
  CHECK(unconfirmedAfter(driven) == 3);
}

TEST_CASE("unconfirmed: the answer to a Ping that overtook messages proves no more than the one before it") {
  DrivenConnection driven;
  openAndSend(driven, 3);
  driven.pongArrived(probeOf(driven, true));
  driven.handedOver(2);
  driven.pongArrived(probeOf(driven, false));
  CHECK(unconfirmedAfter(driven) == 2);
}

TEST_CASE("unconfirmed: the answer to a text confirms the messages before it") {
  DrivenConnection driven({.heartbeat = {.message = "ping", .answer = "pong"}}, false);
  openAndSend(driven, 3);
  driven.probeNow();
  driven.probeHandedOver(true);
  driven.handedOver(1);
  driven.answerArrived();
  CHECK(unconfirmedAfter(driven) == 1);
}

TEST_CASE("unconfirmed: a Close frame that answers ours proves that everything arrived") {
  DrivenConnection driven;
  openAndSend(driven, 3);
  driven.enqueue(4);
  driven.close(4000);
  SUBCASE("with our code") {
    (void)driven.send();
    CHECK(unconfirmedAfter(driven, {.cause = CloseCause::ClosedByPeer, .code = 4000}) == 0);
  }
  SUBCASE("but not with another, which was on its way already") {
    (void)driven.send();
    CHECK(unconfirmedAfter(driven, {.cause = CloseCause::ClosedByPeer, .code = 1001}) == 4);
  }
  SUBCASE("nor before ours was sent") {
    CHECK(unconfirmedAfter(driven, {.cause = CloseCause::ClosedByPeer, .code = 4000}) == 3);
  }
  SUBCASE("and a connection that is lost meanwhile proves nothing") {
    (void)driven.send();
    CHECK(unconfirmedAfter(driven) == 4);
  }
}

}  // namespace tidewire::core::test
