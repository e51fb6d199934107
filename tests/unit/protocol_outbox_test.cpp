#include "core/protocol/outbox.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tidewire::core::protocol {
namespace {

using namespace std::chrono_literals;
using Outcome = tidewire::Ack::Outcome;

constexpr Time kOutboxStart{1h};

/// An outbox with its queues. Calls carry their id as their body.
class DrivenOutbox {
 public:
  DrivenOutbox& welcome(Welcome head = {}) {
    outbox.welcomed(kOutboxStart, head);
    return *this;
  }

  void publish(CallId id, bool resend = false) {
    outbox.add(kOutboxStart, {.id = id, .target = "c", .body = std::to_string(id), .ack = true, .resend = resend});
  }
  void request(CallId id, Duration timeout = {}, bool idempotent = false) {
    outbox.add(kOutboxStart, {.id = id,
                              .kind = Call::Kind::Request,
                              .target = "m",
                              .body = std::to_string(id),
                              .idempotent = idempotent,
                              .timeout = timeout});
  }

  /// The bodies of all calls that may be sent, in their order.
  std::vector<CallId> send() {
    std::vector<CallId> ids;
    while (outbox.maySend()) {
      Framer framer(Outbox::kBatchBytes);
      if (outbox.send(framer, kOutboxStart) == 0) {
        continue;
      }
      const std::string payload = framer.take().front().payload;
      ids.push_back(std::stoull(payload.substr(payload.rfind('\n') + 1)));
    }
    return ids;
  }

  HeadQueue heads;
  ActionQueue actions;
  Outbox outbox{heads, actions};
};

template <class Action>
Action take(DrivenOutbox& driven) {
  REQUIRE_FALSE(driven.actions.empty());
  Action action = std::get<Action>(std::move(driven.actions.front()));
  driven.actions.pop_front();
  return action;
}

const Welcome kRemembers{.resumed = true, .dedup = Welcome::Dedup{.count = 1'000'000, .age = 1min}};

TEST_CASE("outbox: calls leave in call order, and calls in doubt before new ones") {
  DrivenOutbox driven;
  driven.publish(1, true);
  driven.publish(2, true);
  CHECK(driven.outbox.hasToSend());
  CHECK(driven.welcome().send() == std::vector<CallId>{1, 2});
  CHECK_FALSE(driven.outbox.hasToSend());
  driven.outbox.ended(false);
  CHECK_FALSE(driven.outbox.hasToSend());
  driven.publish(3);
  CHECK(driven.outbox.hasToSend());
  driven.welcome(kRemembers);
  CHECK(driven.outbox.resends());
  CHECK(driven.send() == std::vector<CallId>{1, 2, 3});
  CHECK_FALSE(driven.outbox.resends());
}

TEST_CASE("outbox: a call that ends while it waits to be sent again is passed over") {
  DrivenOutbox driven;
  driven.request(1, 1s, true);
  driven.publish(2, true);
  (void)driven.welcome().send();
  driven.outbox.ended(false);
  driven.welcome(kRemembers);
  driven.outbox.cancel(1, true);
  CHECK(take<RequestEnded>(driven).error->code == "cancelled");
  CHECK(driven.heads.front() == R"({"op":"cancel","id":1})");
  CHECK(driven.send() == std::vector<CallId>{2});
}

TEST_CASE("outbox: a publish in doubt is unknown where the server has forgotten it") {
  DrivenOutbox driven;
  driven.publish(1);
  (void)driven.welcome().send();
  CHECK_FALSE(driven.outbox.hasAnswers());
  driven.outbox.ended(false);
  driven.welcome();
  const auto ended = take<PublishEnded>(driven);
  CHECK(ended.call == 1);
  CHECK(ended.ack.outcome == Outcome::Unknown);
  CHECK(ended.ack.error.code == "connection-lost");
  CHECK(driven.outbox.hasAnswers());
}

TEST_CASE("outbox: the first deadline is the next, and a call that ends takes its own away") {
  DrivenOutbox driven;
  driven.request(1, 5s);
  driven.request(2, 3s);
  driven.request(3);
  CHECK(driven.outbox.deadline() == kOutboxStart + 3s);
  driven.outbox.cancel(2, false);
  (void)take<RequestEnded>(driven);
  CHECK(driven.outbox.deadline() == kOutboxStart + 5s);
  driven.outbox.tick(kOutboxStart + 5s, false);
  CHECK(take<RequestEnded>(driven).error->code == "timeout");
  CHECK(driven.heads.empty());  // It was never sent.
  CHECK_FALSE(driven.outbox.deadline());
}

TEST_CASE("outbox: unsent bytes are those of bodies that have never been sent") {
  DrivenOutbox driven;
  driven.publish(10);
  driven.request(11);
  driven.request(12);
  CHECK(driven.outbox.unsentBytes() == 6);
  driven.outbox.cancel(12, false);
  CHECK(driven.outbox.unsentBytes() == 4);
  (void)driven.welcome().send();
  CHECK(driven.outbox.unsentBytes() == 0);
  driven.outbox.ended(false);
  CHECK(driven.outbox.unsentBytes() == 0);
}

TEST_CASE("outbox: an answer to an id that is not waited for has no effect") {
  DrivenOutbox driven;
  driven.publish(1);
  driven.request(2);
  (void)driven.welcome().send();
  driven.outbox.replied({.id = 1}, {});
  driven.outbox.acknowledged({.id = 2});
  driven.outbox.acknowledged({.id = 3});
  driven.outbox.refused(0, {});
  CHECK(driven.actions.empty());
  driven.outbox.acknowledged({.id = 1, .seq = 9});
  CHECK(take<PublishEnded>(driven).ack.seq == 9);
  driven.outbox.acknowledged({.id = 1});
  CHECK(driven.actions.empty());
}

// With 65,536 calls, a step that looked at all of them would look at 4,000,000,000.
TEST_CASE("outbox: a full outbox is sent, answered from either end, and settled in steps that do not grow with it") {
  constexpr CallId kCalls = 65'536;
  DrivenOutbox driven;
  for (CallId id = 1; id <= kCalls; ++id) {
    id % 2 == 0 ? driven.publish(id) : driven.request(id, std::chrono::seconds(1 + id % 100), true);
  }
  Welcome welcome = kRemembers;
  welcome.requests = kCalls;
  driven.welcome(welcome);
  CHECK(driven.send().size() == kCalls);
  driven.outbox.ended(false);
  driven.welcome(welcome);
  CHECK(driven.send().size() == kCalls);
  for (CallId id = 2; id <= kCalls / 2; id += 2) {
    driven.outbox.acknowledged({.id = id});
    driven.outbox.acknowledged({.id = kCalls + 2 - id});
    (void)driven.outbox.maySend();
    (void)driven.outbox.hasToSend();
    driven.actions.clear();
  }
  CHECK(driven.outbox.hasAnswers());
  driven.outbox.tick(kOutboxStart + 101s, true);
  CHECK(driven.actions.size() == kCalls / 2);
  CHECK_FALSE(driven.outbox.deadline());
}

}  // namespace
}  // namespace tidewire::core::protocol
