#include <string>
#include <vector>

#include "contract_test.hpp"

using namespace contract;
using namespace std::chrono_literals;
using tidewire::CloseCause;
using tidewire::DropReason;
using tidewire::SendResult;
using tidewire::State;
using tidewire::WhenFull;
using tidewire::WhenNotOpen;

namespace {

std::vector<std::string> payloadsOf(const Log& log) {
  std::vector<std::string> payloads;
  for (const Log::Received& received : log.messages) {
    payloads.push_back(received.payload);
  }
  return payloads;
}

using Payloads = std::vector<std::string>;

}  // namespace

CONTRACT_TEST("send: messages sent in onOpen go before queued ones") {
  TestClient test(optionsFor("/echo"), {.onOpen = [](TestClient& self) {
                    CHECK(self.client().send("first") == SendResult::Queued);
                    CHECK(self.client().send("second") == SendResult::Queued);
                  }});
  CHECK(test.client().send("waited") == SendResult::Queued);
  CHECK(test.client().send("waited too") == SendResult::Queued);
  test.client().connect();
  test.awaitMessages(4);
  CHECK(payloadsOf(test.log()) == Payloads{"first", "second", "waited", "waited too"});
}

CONTRACT_TEST("send: a message that is not to wait is refused while not open") {
  tidewire::Options options = optionsFor("/echo");
  TestClient queues(options);
  CHECK(queues.client().send("now or never", {.whenNotOpen = WhenNotOpen::Refuse}) == SendResult::NotOpen);
  options.sendQueue.whenNotOpen = WhenNotOpen::Refuse;
  TestClient refuses(std::move(options));
  CHECK(refuses.client().send("no") == SendResult::NotOpen);
  CHECK(refuses.client().send("this one may wait", {.whenNotOpen = WhenNotOpen::Queue}) == SendResult::Queued);
  refuses.client().connect();
  refuses.awaitMessages(1);
  CHECK(refuses.client().send("open") == SendResult::Queued);
  refuses.awaitMessages(2);
  CHECK(payloadsOf(refuses.log()) == Payloads{"this one may wait", "open"});
}

CONTRACT_TEST("send: a full queue can drop its oldest messages, and reports them") {
  tidewire::Options options = optionsFor("/echo");
  options.sendQueue.maxMessages = 3;
  options.sendQueue.whenFull = WhenFull::DropOldest;
  TestClient test(std::move(options));
  for (int i = 0; i < 10; ++i) {
    CHECK(test.client().send(std::to_string(i)) == SendResult::Queued);
  }
  test.client().connect();
  test.awaitMessages(3);
  const Log log = test.log();
  CHECK(payloadsOf(log) == Payloads{"7", "8", "9"});
  std::size_t dropped = 0;
  for (const tidewire::Dropped& each : log.drops) {
    CHECK(each.reason == DropReason::Displaced);
    CHECK(each.bytes == each.messages);
    dropped += each.messages;
  }
  CHECK(dropped == 7);
  CHECK(test.client().stats().droppedMessages == 7);
}

CONTRACT_TEST("send: a message that has waited too long is dropped, and reported") {
  tidewire::Options options = optionsFor("/echo");
  options.sendQueue.maxAge = 50ms;
  TestClient test(std::move(options));
  CHECK(test.client().send("old") == SendResult::Queued);
  test.awaitDrops(1);
  CHECK(test.log().drops[0].reason == DropReason::Expired);
  CHECK(test.log().drops[0].messages == 1);
  CHECK(test.log().drops[0].bytes == 3);
  test.client().connect();
  test.awaitOpens(1);
  CHECK(test.client().send("new") == SendResult::Queued);
  test.awaitMessages(1);
  CHECK(payloadsOf(test.log()) == Payloads{"new"});
}

CONTRACT_TEST("drop: messages queued when the client closes for good are reported before the close event") {
  world().killServer();
  tidewire::Options options = optionsFor("/echo");
  options.reconnect.enabled = false;
  TestClient test(std::move(options));
  CHECK(test.client().send("one") == SendResult::Queued);
  CHECK(test.client().send("three") == SendResult::Queued);
  test.client().connect();
  test.awaitCloses(1);
  const Log log = test.log();
  CHECK(log.order == std::vector<std::string>{"state Connecting", "state Closed", "dropped", "close"});
  CHECK(log.drops[0].reason == DropReason::Closed);
  CHECK(log.drops[0].messages == 2);
  CHECK(log.drops[0].bytes == 8);
  CHECK(log.closes[0].droppedMessages == 2);
}

CONTRACT_TEST("drop: close() while waiting to retry reports the dropped messages") {
  world().killServer();
  tidewire::Options options = optionsFor("/echo");
  options.reconnect = {.firstDelay = 1h, .maxDelay = 1h};
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitCloses(1);
  CHECK(test.client().send("never") == SendResult::Queued);
  test.client().close();
  test.awaitDrops(1);
  test.awaitState(State::Closed);
  CHECK(test.log().drops[0].reason == DropReason::Closed);
  CHECK(test.log().drops[0].messages == 1);
  CHECK(test.log().closes.size() == 1);
}

CONTRACT_TEST("drop: under Refuse what a lost connection has not taken is stale, and not for the next one") {
  tidewire::Options options = optionsFor("/echo");
  options.sendQueue.whenNotOpen = WhenNotOpen::Refuse;
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitOpens(1);
  world().freezeServer();
  const std::string message(1024 * 1024, 'x');
  for (int i = 0; i < 12; ++i) {
    CHECK(test.client().send(message) == SendResult::Queued);
  }
  CHECK(test.client().reconnect() == tidewire::ReconnectResult::Started);
  test.awaitDrops(1);
  test.awaitCloses(1);
  world().continueServer();
  test.awaitOpens(2);
  CHECK(test.client().send("next") == SendResult::Queued);
  test.awaitMessages(1);
  const Log log = test.log();
  CHECK(payloadsOf(log) == Payloads{"next"});
  CHECK(log.drops[0].reason == DropReason::Stale);
  CHECK(log.closes[0].droppedMessages == 0);
}

CONTRACT_TEST("bufferedAmount: counts what waits, in bytes of payload, and falls to nothing") {
  TestClient test(optionsFor("/echo"));
  CHECK(test.client().bufferedAmount() == 0);
  CHECK(test.client().send("hello") == SendResult::Queued);
  CHECK(test.client().send("\xC3\xA4") == SendResult::Queued);
  CHECK(test.client().bufferedAmount() == 7);
  test.client().connect();
  test.awaitMessages(2);
  test.awaitThat("an empty buffer", [&] { return test.client().bufferedAmount() == 0; });
}

CONTRACT_TEST("onDrain: tells when the amount has fallen to the low-water mark") {
  constexpr std::size_t kMark = 100'000;
  tidewire::Options options = optionsFor("/echo");
  options.sendQueue.lowWaterBytes = kMark;
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitOpens(1);
  world().freezeServer();
  const std::string message(1024 * 1024, 'x');
  for (int i = 0; i < 12; ++i) {
    CHECK(test.client().send(message) == SendResult::Queued);
  }
  CHECK(test.client().bufferedAmount() > kMark);
  world().continueServer();
  test.awaitDrains(1);
  CHECK(test.log().drains[0].bufferedAmount <= kMark);
  test.awaitMessages(12);
}

CONTRACT_TEST("send: a peer that does not read cannot make the queue grow beyond its bounds") {
  constexpr std::size_t kBound = 4 * 1024 * 1024;
  tidewire::Options options = optionsFor("/echo");
  options.sendQueue.maxBytes = kBound;
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitOpens(1);
  world().freezeServer();
  const std::string message(64 * 1024, 'x');
  std::size_t accepted = 0;
  auto lastAccepted = world().now();
  // What the kernels and the browser hold is not ours to bound: it is full when nothing moves any more.
  test.awaitThat("a queue that stays full", [&] {
    if (test.client().send(message) == SendResult::Queued) {
      ++accepted;
      lastAccepted = world().now();
    }
    CHECK(test.client().stats().queuedBytes <= kBound);
    return world().now() - lastAccepted > 200ms;
  });
  CHECK(test.client().bufferedAmount() >= kBound - message.size());
  world().continueServer();
  test.awaitMessages(accepted);
  CHECK(test.log().drops.empty());
}

CONTRACT_TEST("close event: messages whose arrival nothing has proved are counted as unconfirmed") {
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  test.awaitOpens(1);
  world().freezeServer();
  for (int i = 0; i < 3; ++i) {
    CHECK(test.client().send("into the void") == SendResult::Queued);
  }
  test.awaitThat("all handed over", [&] { return test.client().stats().messagesSent == 3; });
  world().killServer();
  test.awaitCloses(1);
  CHECK(test.log().closes[0].unconfirmedMessages == 3);
  CHECK(test.log().closes[0].droppedMessages == 0);
}

CONTRACT_TEST("close event: an answered heartbeat confirms the messages before it") {
  tidewire::Options options = optionsFor("/echo");
  options.heartbeat = {.interval = 0ms, .timeout = 10s, .message = "alive?", .answer = "alive?"};
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitOpens(1);
  CHECK(test.client().send("one") == SendResult::Queued);
  test.awaitMessages(1);
  test.client().heartbeat();
  test.awaitHeartbeats(1);
  CHECK(test.client().send("two") == SendResult::Queued);
  test.awaitMessages(2);
  world().killServer();
  test.awaitCloses(1);
  CHECK(test.log().closes[0].unconfirmedMessages == 1);
}

CONTRACT_TEST("close event: an answered close leaves nothing unconfirmed") {
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  test.awaitOpens(1);
  CHECK(test.client().send("one") == SendResult::Queued);
  test.client().close();
  test.awaitCloses(1);
  CHECK(test.log().closes[0].cause == CloseCause::ClosedByUser);
  CHECK(test.log().closes[0].unconfirmedMessages == 0);
}
