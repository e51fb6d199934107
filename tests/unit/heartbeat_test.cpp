#include "core/heartbeat.hpp"

#include <doctest/doctest.h>

namespace tidewire::core {
namespace {

using namespace std::chrono_literals;
using Verdict = Heartbeat::Verdict;

constexpr Time kStart{1h};
constexpr Duration kInterval = 25s;
constexpr Duration kTimeout = 10s;

Heartbeat started() {
  Heartbeat heartbeat(kInterval, kTimeout);
  heartbeat.start(kStart);
  return heartbeat;
}

// One that has asked at `at`.
Heartbeat asking(Time at) {
  Heartbeat heartbeat = started();
  heartbeat.askNow(at);
  CHECK(heartbeat.tick(at) == Verdict::Ask);
  return heartbeat;
}

}  // namespace

TEST_CASE("heartbeat: nothing is asked before the connection is open, or after it is over") {
  Heartbeat heartbeat(kInterval, kTimeout);
  heartbeat.askNow(kStart);
  CHECK(heartbeat.deadline() == std::nullopt);
  CHECK(heartbeat.tick(kStart + 1h) == Verdict::Nothing);

  heartbeat.start(kStart);
  heartbeat.stop();
  heartbeat.askNow(kStart);
  CHECK(heartbeat.deadline() == std::nullopt);
  CHECK(heartbeat.tick(kStart + 1h) == Verdict::Nothing);
}

TEST_CASE("heartbeat: a question goes out every interval") {
  Heartbeat heartbeat = started();
  for (int i = 1; i <= 5; ++i) {
    const Time due = kStart + i * kInterval;
    CHECK(heartbeat.deadline() == due);
    CHECK(heartbeat.tick(due - 1ns) == Verdict::Nothing);
    CHECK(heartbeat.tick(due) == Verdict::Ask);
    heartbeat.heard();
    CHECK(heartbeat.answeredNewest(due + 30ms) == Duration(30ms));
  }
}

TEST_CASE("heartbeat: without an interval it asks only when told to") {
  Heartbeat heartbeat(0s, kTimeout);
  heartbeat.start(kStart);
  CHECK(heartbeat.deadline() == std::nullopt);
  CHECK(heartbeat.tick(kStart + 1h) == Verdict::Nothing);
  heartbeat.askNow(kStart + 1h);
  CHECK(heartbeat.deadline() == kStart + 1h);
  CHECK(heartbeat.tick(kStart + 1h) == Verdict::Ask);
  heartbeat.heard();
  CHECK(heartbeat.deadline() == std::nullopt);
}

TEST_CASE("heartbeat: silence for the timeout after a question means dead") {
  Heartbeat heartbeat = asking(kStart);
  CHECK(heartbeat.deadline() == kStart + kTimeout);
  CHECK(heartbeat.tick(kStart + kTimeout - 1ns) == Verdict::Nothing);
  CHECK(heartbeat.tick(kStart + kTimeout) == Verdict::Dead);
}

TEST_CASE("heartbeat: any byte proves life, but only the answer gives a round trip") {
  Heartbeat heartbeat = asking(kStart);
  heartbeat.heard();
  CHECK(heartbeat.tick(kStart + kTimeout) == Verdict::Nothing);
  CHECK(heartbeat.unanswered() == 1);
  CHECK(heartbeat.answeredNewest(kStart + 12s) == Duration(12s));
  CHECK(heartbeat.unanswered() == 0);
}

TEST_CASE("heartbeat: silence before a question counts for nothing") {
  Heartbeat heartbeat = started();
  CHECK(heartbeat.tick(kStart + kInterval - 1ns) == Verdict::Nothing);
  CHECK(heartbeat.tick(kStart + kInterval) == Verdict::Ask);
}

TEST_CASE("heartbeat: one question is judged at a time") {
  Heartbeat heartbeat(5s, 20s);
  heartbeat.start(kStart);
  CHECK(heartbeat.tick(kStart + 5s) == Verdict::Ask);
  CHECK(heartbeat.tick(kStart + 10s) == Verdict::Nothing);
  heartbeat.askNow(kStart + 11s);
  CHECK(heartbeat.tick(kStart + 11s) == Verdict::Nothing);
  CHECK(heartbeat.deadline() == kStart + 25s);
  SUBCASE("what was due meanwhile is asked once life is proved") {
    heartbeat.heard();
    CHECK(heartbeat.tick(kStart + 12s) == Verdict::Ask);
    CHECK(heartbeat.deadline() == kStart + 32s);
  }
  SUBCASE("and nothing is asked of a dead peer") {
    CHECK(heartbeat.tick(kStart + 25s) == Verdict::Dead);
  }
}

TEST_CASE("heartbeat: what is asked while a question is on its way is that question") {
  Heartbeat heartbeat = asking(kStart);
  heartbeat.askNow(kStart + 1s);
  heartbeat.heard();
  CHECK(heartbeat.tick(kStart + 1s) == Verdict::Nothing);
  CHECK(heartbeat.deadline() == kStart + kInterval);
}

TEST_CASE("heartbeat: a question asked out of turn starts the interval anew") {
  Heartbeat heartbeat = started();
  heartbeat.askNow(kStart + 20s);
  CHECK(heartbeat.tick(kStart + 20s) == Verdict::Ask);
  heartbeat.heard();
  CHECK(heartbeat.deadline() == kStart + 20s + kInterval);
}

TEST_CASE("heartbeat: an answer that nobody asked for is none") {
  Heartbeat heartbeat = started();
  CHECK(heartbeat.answeredNewest(kStart) == std::nullopt);
  CHECK(heartbeat.answeredInTurn(kStart) == std::nullopt);
  CHECK(heartbeat.unanswered() == 0);
}

TEST_CASE("heartbeat: answers that tell only their order give the round trip of the newest question") {
  Heartbeat heartbeat = asking(kStart);
  for (const Duration later : {1s, 2s}) {
    heartbeat.heard();
    heartbeat.askNow(kStart + later);
    CHECK(heartbeat.tick(kStart + later) == Verdict::Ask);
  }
  CHECK(heartbeat.unanswered() == 3);
  CHECK(heartbeat.answeredInTurn(kStart + 3s) == std::nullopt);
  CHECK(heartbeat.answeredInTurn(kStart + 4s) == std::nullopt);
  CHECK(heartbeat.answeredInTurn(kStart + 5s) == Duration(3s));
  CHECK(heartbeat.answeredInTurn(kStart + 6s) == std::nullopt);
}

TEST_CASE("heartbeat: the answer to the newest question answers the older ones too") {
  Heartbeat heartbeat = asking(kStart);
  heartbeat.heard();
  heartbeat.askNow(kStart + 1s);
  CHECK(heartbeat.tick(kStart + 1s) == Verdict::Ask);
  CHECK(heartbeat.answeredNewest(kStart + 3s) == Duration(2s));
  CHECK(heartbeat.answeredNewest(kStart + 3s) == std::nullopt);
}

TEST_CASE("heartbeat: while reading is paused nothing is asked") {
  Heartbeat heartbeat = started();
  heartbeat.pause(kStart + 1s);
  CHECK(heartbeat.deadline() == std::nullopt);
  CHECK(heartbeat.tick(kStart + 1h) == Verdict::Nothing);
  heartbeat.resume(kStart + 1h);
  CHECK(heartbeat.tick(kStart + 1h) == Verdict::Ask);
  CHECK(heartbeat.deadline() == kStart + 1h + kTimeout);
}

TEST_CASE("heartbeat: a judgement stands still while reading is paused") {
  Heartbeat heartbeat = asking(kStart);
  heartbeat.pause(kStart + 4s);
  heartbeat.pause(kStart + 5s);
  CHECK(heartbeat.deadline() == std::nullopt);
  CHECK(heartbeat.tick(kStart + 30min) == Verdict::Nothing);
  heartbeat.resume(kStart + 1h);
  heartbeat.resume(kStart + 2h);
  CHECK(heartbeat.deadline() == kStart + 1h + 6s);
  CHECK(heartbeat.tick(kStart + 1h + 6s - 1ns) == Verdict::Nothing);
  CHECK(heartbeat.tick(kStart + 1h + 6s) == Verdict::Dead);
}

TEST_CASE("heartbeat: a pause that began before the connection was open holds") {
  Heartbeat heartbeat(kInterval, kTimeout);
  heartbeat.pause(kStart - 1s);
  heartbeat.start(kStart);
  CHECK(heartbeat.deadline() == std::nullopt);
  CHECK(heartbeat.tick(kStart + 1h) == Verdict::Nothing);
  heartbeat.resume(kStart + 1h);
  CHECK(heartbeat.tick(kStart + 1h) == Verdict::Ask);
}

TEST_CASE("heartbeat: a pause ends with its connection") {
  Heartbeat heartbeat = started();
  heartbeat.pause(kStart);
  heartbeat.stop();
  heartbeat.start(kStart + 1min);
  CHECK(heartbeat.deadline() == kStart + 1min + kInterval);
}

TEST_CASE("heartbeat: a judgement that comes late gives what has arrived a moment to be read") {
  Heartbeat heartbeat = asking(kStart);
  const Time judged = kStart + kTimeout;
  SUBCASE("up to 100 ms count as punctual") {
    CHECK(heartbeat.tick(judged + 100ms) == Verdict::Dead);
  }
  SUBCASE("bytes that are read then prove life") {
    CHECK(heartbeat.tick(judged + 1h) == Verdict::Nothing);
    CHECK(heartbeat.deadline() == judged + 1h + 250ms);
    heartbeat.heard();
    CHECK(heartbeat.tick(judged + 1h + 250ms) == Verdict::Ask);
  }
  SUBCASE("if there are none, the connection is dead") {
    CHECK(heartbeat.tick(judged + 101ms) == Verdict::Nothing);
    CHECK(heartbeat.tick(judged + 101ms + 249ms) == Verdict::Nothing);
    CHECK(heartbeat.tick(judged + 101ms + 250ms) == Verdict::Dead);
  }
  SUBCASE("one moment is given for each question") {
    CHECK(heartbeat.tick(judged + 1h) == Verdict::Nothing);
    CHECK(heartbeat.tick(judged + 2h) == Verdict::Dead);
  }
  SUBCASE("the next question has a moment of its own") {
    CHECK(heartbeat.tick(judged + 1h) == Verdict::Nothing);
    heartbeat.heard();
    CHECK(heartbeat.tick(judged + 1h) == Verdict::Ask);
    CHECK(heartbeat.tick(judged + 2h) == Verdict::Nothing);
  }
}

TEST_CASE("heartbeat: a new connection owes no answers of the old one") {
  Heartbeat heartbeat = asking(kStart);
  heartbeat.stop();
  heartbeat.start(kStart + 1min);
  CHECK(heartbeat.unanswered() == 0);
  CHECK(heartbeat.answeredNewest(kStart + 2min) == std::nullopt);
  CHECK(heartbeat.deadline() == kStart + 1min + kInterval);
}

}  // namespace tidewire::core
