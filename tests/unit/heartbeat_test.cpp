#include "core/heartbeat.hpp"

#include <doctest/doctest.h>

#include "core/round_trips.hpp"

namespace tidewire::core {
namespace {

using namespace std::chrono_literals;
using Verdict = Heartbeat::Verdict;

constexpr Time kStart{1h};
constexpr Duration kInterval = 25s;
constexpr Duration kTimeout = 10s;
constexpr Duration kWakeTimeout = 3s;
constexpr Duration kSilence = 60s;

constexpr Heartbeat::Times with(Duration interval, Duration timeout, Duration silence = 0s) {
  return {.interval = interval, .timeout = timeout, .silence = silence, .wakeTimeout = kWakeTimeout, .canProbe = true};
}

constexpr Heartbeat::Times kTimes = with(kInterval, kTimeout);

Heartbeat started() {
  Heartbeat heartbeat(kTimes);
  heartbeat.start(kStart);
  return heartbeat;
}

// One that has asked at `at`.
Heartbeat asking(Time at) {
  Heartbeat heartbeat = started();
  heartbeat.probeNow(at);
  CHECK(heartbeat.tick(at) == Verdict::Probe);
  return heartbeat;
}

}  // namespace

TEST_CASE("heartbeat: none is sent before the connection is open, or after it has ended") {
  Heartbeat heartbeat(kTimes);
  heartbeat.probeNow(kStart);
  CHECK(heartbeat.deadline() == std::nullopt);
  CHECK(heartbeat.tick(kStart + 1h) == Verdict::Nothing);

  heartbeat.start(kStart);
  heartbeat.stop();
  heartbeat.probeNow(kStart);
  CHECK(heartbeat.deadline() == std::nullopt);
  CHECK(heartbeat.tick(kStart + 1h) == Verdict::Nothing);
}

TEST_CASE("heartbeat: a probe goes out every interval") {
  Heartbeat heartbeat = started();
  for (int i = 1; i <= 5; ++i) {
    const Time due = kStart + i * kInterval;
    CHECK(heartbeat.deadline() == due);
    CHECK(heartbeat.tick(due - 1ns) == Verdict::Nothing);
    CHECK(heartbeat.tick(due) == Verdict::Probe);
    heartbeat.heard(due + 30ms);
    CHECK(heartbeat.answeredNewest(due + 30ms) == Duration(30ms));
  }
}

TEST_CASE("heartbeat: without an interval one is sent only on request") {
  Heartbeat heartbeat(with(0s, kTimeout));
  heartbeat.start(kStart);
  CHECK(heartbeat.deadline() == std::nullopt);
  CHECK(heartbeat.tick(kStart + 1h) == Verdict::Nothing);
  heartbeat.probeNow(kStart + 1h);
  CHECK(heartbeat.deadline() == kStart + 1h);
  CHECK(heartbeat.tick(kStart + 1h) == Verdict::Probe);
  heartbeat.heard(kStart + 1s);
  CHECK(heartbeat.deadline() == std::nullopt);
}

TEST_CASE("heartbeat: silence for the timeout after a probe means dead") {
  Heartbeat heartbeat = asking(kStart);
  CHECK(heartbeat.deadline() == kStart + kTimeout);
  CHECK(heartbeat.tick(kStart + kTimeout - 1ns) == Verdict::Nothing);
  CHECK(heartbeat.tick(kStart + kTimeout) == Verdict::Dead);
}

TEST_CASE("heartbeat: any byte proves life, but only the answer gives a round trip") {
  Heartbeat heartbeat = asking(kStart);
  heartbeat.heard(kStart + 1s);
  CHECK(heartbeat.tick(kStart + kTimeout) == Verdict::Nothing);
  CHECK(heartbeat.unanswered() == 1);
  CHECK(heartbeat.answeredNewest(kStart + 12s) == Duration(12s));
  CHECK(heartbeat.unanswered() == 0);
}

TEST_CASE("heartbeat: silence before a probe counts for nothing") {
  Heartbeat heartbeat = started();
  CHECK(heartbeat.tick(kStart + kInterval - 1ns) == Verdict::Nothing);
  CHECK(heartbeat.tick(kStart + kInterval) == Verdict::Probe);
}

TEST_CASE("heartbeat: one probe is judged at a time") {
  Heartbeat heartbeat(with(5s, 20s));
  heartbeat.start(kStart);
  CHECK(heartbeat.tick(kStart + 5s) == Verdict::Probe);
  CHECK(heartbeat.tick(kStart + 10s) == Verdict::Nothing);
  heartbeat.probeNow(kStart + 11s);
  CHECK(heartbeat.tick(kStart + 11s) == Verdict::Nothing);
  CHECK(heartbeat.deadline() == kStart + 25s);
  SUBCASE("what was due meanwhile is asked once life is proved") {
    heartbeat.heard(kStart + 12s);
    CHECK(heartbeat.tick(kStart + 12s) == Verdict::Probe);
    CHECK(heartbeat.deadline() == kStart + 32s);
  }
  SUBCASE("and nothing is asked of a dead peer") {
    CHECK(heartbeat.tick(kStart + 25s) == Verdict::Dead);
  }
}

TEST_CASE("heartbeat: a request while one is pending sends no second one") {
  Heartbeat heartbeat = asking(kStart);
  heartbeat.probeNow(kStart + 1s);
  heartbeat.heard(kStart + 1s);
  CHECK(heartbeat.tick(kStart + 1s) == Verdict::Nothing);
  CHECK(heartbeat.deadline() == kStart + kInterval);
}

TEST_CASE("heartbeat: one sent on request restarts the interval") {
  Heartbeat heartbeat = started();
  heartbeat.probeNow(kStart + 20s);
  CHECK(heartbeat.tick(kStart + 20s) == Verdict::Probe);
  heartbeat.heard(kStart + 21s);
  CHECK(heartbeat.deadline() == kStart + 20s + kInterval);
}

TEST_CASE("heartbeat: an answer without a pending heartbeat is ignored") {
  Heartbeat heartbeat = started();
  CHECK(heartbeat.answeredNewest(kStart) == std::nullopt);
  CHECK(heartbeat.answeredInTurn(kStart) == std::nullopt);
  CHECK(heartbeat.unanswered() == 0);
}

TEST_CASE("heartbeat: answers without a number give the round trip of the newest heartbeat") {
  Heartbeat heartbeat = asking(kStart);
  for (const Duration later : {1s, 2s}) {
    heartbeat.heard(kStart + later);
    heartbeat.probeNow(kStart + later);
    CHECK(heartbeat.tick(kStart + later) == Verdict::Probe);
  }
  CHECK(heartbeat.unanswered() == 3);
  CHECK(heartbeat.answeredInTurn(kStart + 3s) == std::nullopt);
  CHECK(heartbeat.answeredInTurn(kStart + 4s) == std::nullopt);
  CHECK(heartbeat.answeredInTurn(kStart + 5s) == Duration(3s));
  CHECK(heartbeat.answeredInTurn(kStart + 6s) == std::nullopt);
}

TEST_CASE("heartbeat: the answer to the newest probe answers the older ones too") {
  Heartbeat heartbeat = asking(kStart);
  heartbeat.heard(kStart + 1s);
  heartbeat.probeNow(kStart + 1s);
  CHECK(heartbeat.tick(kStart + 1s) == Verdict::Probe);
  CHECK(heartbeat.answeredNewest(kStart + 3s) == Duration(2s));
  CHECK(heartbeat.answeredNewest(kStart + 3s) == std::nullopt);
}

TEST_CASE("heartbeat: none is sent while reading is paused") {
  Heartbeat heartbeat = started();
  heartbeat.pause(kStart + 1s);
  CHECK(heartbeat.deadline() == std::nullopt);
  CHECK(heartbeat.tick(kStart + 1h) == Verdict::Nothing);
  heartbeat.resume(kStart + 1h);
  CHECK(heartbeat.tick(kStart + 1h) == Verdict::Probe);
  CHECK(heartbeat.deadline() == kStart + 1h + kTimeout);
}

TEST_CASE("heartbeat: while reading is paused a peer that awaits probes is reassured, and nothing is judged") {
  constexpr Duration kAwaited = 10s;
  Heartbeat heartbeat(kTimes);
  heartbeat.start(kStart, kAwaited);
  heartbeat.pause(kStart + 1s);
  for (int i = 1; i <= 5; ++i) {
    const Time due = kStart + i * kAwaited;
    CHECK(heartbeat.deadline() == due);
    CHECK(heartbeat.tick(due - 1ns) == Verdict::Nothing);
    CHECK(heartbeat.tick(due) == Verdict::Reassure);
  }
  heartbeat.resume(kStart + 51s);
  CHECK(heartbeat.answeredNewest(kStart + 51s) == std::nullopt);
  CHECK(heartbeat.tick(kStart + 51s) == Verdict::Probe);
  CHECK(heartbeat.deadline() == kStart + 51s + kTimeout);

  // Nor is the next connection's peer reassured for this one's sake.
  heartbeat.stop();
  heartbeat.start(kStart + 1h);
  heartbeat.pause(kStart + 1h);
  CHECK(heartbeat.deadline() == std::nullopt);
  CHECK(heartbeat.tick(kStart + 2h) == Verdict::Nothing);
}

TEST_CASE("heartbeat: a ping that only keeps the peer's side alive is no heartbeat, and delays none") {
  Heartbeat heartbeat(kTimes);
  heartbeat.start(kStart, kInterval);
  heartbeat.probeNow(kStart);
  CHECK(heartbeat.tick(kStart) == Verdict::Probe);
  heartbeat.pause(kStart + 4s);
  CHECK(heartbeat.tick(kStart + 30min) == Verdict::Reassure);
  heartbeat.resume(kStart + 1h);
  // Its answer lay there all the time.
  CHECK(heartbeat.tick(kStart + 1h + 6s - 1ns) == Verdict::Nothing);
  CHECK(heartbeat.answeredNewest(kStart + 1h + 1s) == Duration(1h + 1s));

  // What is asked meanwhile is asked when it goes on, and so is what a wake-up wants to know.
  for (const bool wakes : {false, true}) {
    heartbeat.stop();
    heartbeat.start(kStart, kInterval);
    heartbeat.pause(kStart + 1s);
    wakes ? heartbeat.distrust(kStart + 2s) : heartbeat.probeNow(kStart + 2s);
    CHECK(heartbeat.tick(kStart + 2s) == Verdict::Nothing);
    CHECK(heartbeat.deadline() == kStart + kInterval);
    CHECK(heartbeat.tick(kStart + kInterval) == Verdict::Reassure);
    heartbeat.resume(kStart + 30s);
    CHECK(heartbeat.tick(kStart + 30s) == Verdict::Probe);
    CHECK(heartbeat.deadline() == kStart + 30s + (wakes ? kWakeTimeout : kTimeout));
  }
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
  Heartbeat heartbeat(kTimes);
  heartbeat.pause(kStart - 1s);
  heartbeat.start(kStart);
  CHECK(heartbeat.deadline() == std::nullopt);
  CHECK(heartbeat.tick(kStart + 1h) == Verdict::Nothing);
  heartbeat.resume(kStart + 1h);
  CHECK(heartbeat.tick(kStart + 1h) == Verdict::Probe);
}

TEST_CASE("heartbeat: a pause ends with its connection") {
  Heartbeat heartbeat = started();
  heartbeat.pause(kStart);
  heartbeat.stop();
  heartbeat.start(kStart + 1min);
  CHECK(heartbeat.deadline() == kStart + 1min + kInterval);
}

TEST_CASE("heartbeat: a late timeout first leaves time to read the received bytes") {
  Heartbeat heartbeat = asking(kStart);
  const Time judged = kStart + kTimeout;
  SUBCASE("up to 100 ms count as punctual") {
    CHECK(heartbeat.tick(judged + 100ms) == Verdict::Dead);
  }
  SUBCASE("bytes that are read then prove life") {
    CHECK(heartbeat.tick(judged + 1h) == Verdict::Nothing);
    CHECK(heartbeat.deadline() == judged + 1h + 250ms);
    heartbeat.heard(judged + 1h);
    CHECK(heartbeat.tick(judged + 1h + 250ms) == Verdict::Probe);
  }
  SUBCASE("if there are none, the connection is dead") {
    CHECK(heartbeat.tick(judged + 101ms) == Verdict::Nothing);
    CHECK(heartbeat.tick(judged + 101ms + 249ms) == Verdict::Nothing);
    CHECK(heartbeat.tick(judged + 101ms + 250ms) == Verdict::Dead);
  }
  SUBCASE("one moment is given for each probe") {
    CHECK(heartbeat.tick(judged + 1h) == Verdict::Nothing);
    CHECK(heartbeat.tick(judged + 2h) == Verdict::Dead);
  }
  SUBCASE("the next probe has a moment of its own") {
    CHECK(heartbeat.tick(judged + 1h) == Verdict::Nothing);
    heartbeat.heard(judged + 1h);
    CHECK(heartbeat.tick(judged + 1h) == Verdict::Probe);
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

TEST_CASE("heartbeat: the interval sends none where none can be sent") {
  Heartbeat heartbeat(
      {.interval = kInterval, .timeout = kTimeout, .silence = 0s, .wakeTimeout = 3s, .canProbe = false});
  heartbeat.start(kStart);
  CHECK(heartbeat.deadline() == std::nullopt);
  CHECK(heartbeat.tick(kStart + 1h) == Verdict::Nothing);
}

TEST_CASE("heartbeat: silence beyond the limit means dead, with or without a pending heartbeat") {
  for (const bool canProbe : {true, false}) {
    CAPTURE(canProbe);
    Heartbeat::Times times = with(0s, kTimeout, kSilence);
    times.canProbe = canProbe;
    Heartbeat heartbeat(times);
    heartbeat.start(kStart);
    CHECK(heartbeat.deadline() == kStart + kSilence);
    heartbeat.heard(kStart + 40s);
    CHECK(heartbeat.deadline() == kStart + 40s + kSilence);
    CHECK(heartbeat.tick(kStart + 40s + kSilence - 1ns) == Verdict::Nothing);
    CHECK(heartbeat.tick(kStart + 40s + kSilence) == Verdict::Dead);
  }
}

TEST_CASE("heartbeat: of silence and an unanswered probe the earlier one decides") {
  Heartbeat heartbeat(with(kInterval, kTimeout, kSilence));
  heartbeat.start(kStart);
  SUBCASE("the probe") {
    CHECK(heartbeat.tick(kStart + kInterval) == Verdict::Probe);
    CHECK(heartbeat.deadline() == kStart + kInterval + kTimeout);
    CHECK(heartbeat.tick(kStart + kInterval + kTimeout) == Verdict::Dead);
  }
  SUBCASE("the silence") {
    heartbeat.probeNow(kStart + 55s);
    CHECK(heartbeat.tick(kStart + 55s) == Verdict::Probe);
    CHECK(heartbeat.deadline() == kStart + kSilence);
    CHECK(heartbeat.tick(kStart + kSilence) == Verdict::Dead);
  }
  SUBCASE("and bytes end both") {
    CHECK(heartbeat.tick(kStart + kInterval) == Verdict::Probe);
    heartbeat.heard(kStart + 26s);
    CHECK(heartbeat.tick(kStart + kSilence) == Verdict::Probe);
    CHECK(heartbeat.deadline() == kStart + kSilence + kTimeout);
  }
}

TEST_CASE("heartbeat: silence stands still while reading is paused, and ends with the connection") {
  Heartbeat heartbeat(with(0s, kTimeout, kSilence));
  heartbeat.start(kStart);
  heartbeat.pause(kStart + 20s);
  CHECK(heartbeat.deadline() == std::nullopt);
  CHECK(heartbeat.tick(kStart + 1h) == Verdict::Nothing);
  heartbeat.resume(kStart + 1h);
  CHECK(heartbeat.deadline() == kStart + 1h + 40s);
  heartbeat.stop();
  CHECK(heartbeat.deadline() == std::nullopt);
  CHECK(heartbeat.tick(kStart + 2h) == Verdict::Nothing);
}

TEST_CASE("heartbeat: a late silence timeout first leaves time to read the received bytes") {
  Heartbeat heartbeat(with(0s, kTimeout, kSilence));
  heartbeat.start(kStart);
  const Time judged = kStart + kSilence;
  CHECK(heartbeat.tick(judged + 1h) == Verdict::Nothing);
  CHECK(heartbeat.deadline() == judged + 1h + 250ms);
  SUBCASE("which proves life") {
    heartbeat.heard(judged + 1h + 1ms);
    CHECK(heartbeat.deadline() == judged + 1h + 1ms + kSilence);
  }
  SUBCASE("or does not") {
    CHECK(heartbeat.tick(judged + 1h + 250ms) == Verdict::Dead);
  }
}

TEST_CASE("heartbeat: the time to read received bytes is shared by silence and answer timeouts") {
  Heartbeat heartbeat(with(kInterval, kTimeout, kSilence));
  heartbeat.start(kStart);
  CHECK(heartbeat.tick(kStart + kInterval) == Verdict::Probe);
  // Both are over by now.
  const Time late = kStart + 1h;
  CHECK(heartbeat.tick(late) == Verdict::Nothing);
  CHECK(heartbeat.deadline() == late + 250ms);
  CHECK(heartbeat.tick(late + 1ms) == Verdict::Nothing);
  CHECK(heartbeat.tick(late + 250ms) == Verdict::Dead);
}

TEST_CASE("heartbeat: a hint sends one at once, with a shorter timeout") {
  Heartbeat heartbeat = started();
  heartbeat.distrust(kStart + 5s);
  CHECK(heartbeat.deadline() == kStart + 5s);
  CHECK(heartbeat.tick(kStart + 5s) == Verdict::Probe);
  CHECK(heartbeat.deadline() == kStart + 5s + kWakeTimeout);
  SUBCASE("silence then means dead") {
    CHECK(heartbeat.tick(kStart + 5s + kWakeTimeout) == Verdict::Dead);
  }
  SUBCASE("the next probe has the usual time") {
    heartbeat.heard(kStart + 6s);
    CHECK(heartbeat.answeredNewest(kStart + 6s) == Duration(1s));
    CHECK(heartbeat.tick(kStart + 5s + kInterval) == Verdict::Probe);
    CHECK(heartbeat.deadline() == kStart + 5s + kInterval + kTimeout);
  }
}

TEST_CASE("heartbeat: a hint replaces the heartbeat that was pending before the break") {
  Heartbeat heartbeat = asking(kStart);
  heartbeat.distrust(kStart + 9s);
  CHECK(heartbeat.tick(kStart + 9s) == Verdict::Probe);
  CHECK(heartbeat.tick(kStart + kTimeout) == Verdict::Nothing);
  CHECK(heartbeat.deadline() == kStart + 9s + kWakeTimeout);
  CHECK(heartbeat.unanswered() == 2);
}

TEST_CASE("heartbeat: one reason more to distrust does not put off a judgement") {
  Heartbeat heartbeat = started();
  heartbeat.distrust(kStart + 5s);
  heartbeat.distrust(kStart + 5s);
  CHECK(heartbeat.tick(kStart + 5s) == Verdict::Probe);
  heartbeat.distrust(kStart + 7s);
  CHECK(heartbeat.tick(kStart + 7s) == Verdict::Nothing);
  CHECK(heartbeat.deadline() == kStart + 5s + kWakeTimeout);
  SUBCASE("which is passed") {
    CHECK(heartbeat.tick(kStart + 5s + kWakeTimeout) == Verdict::Dead);
  }
  SUBCASE("but once it is over there is a new one") {
    heartbeat.heard(kStart + 7s);
    heartbeat.distrust(kStart + 8s);
    CHECK(heartbeat.tick(kStart + 8s) == Verdict::Probe);
    CHECK(heartbeat.deadline() == kStart + 8s + kWakeTimeout);
  }
}

TEST_CASE("heartbeat: a hint affects neither a connection that is not open nor the next one") {
  Heartbeat heartbeat(kTimes);
  heartbeat.distrust(kStart);
  CHECK(heartbeat.deadline() == std::nullopt);
  heartbeat.start(kStart);
  heartbeat.distrust(kStart + 1s);
  heartbeat.stop();
  heartbeat.start(kStart + 1min);
  CHECK(heartbeat.deadline() == kStart + 1min + kInterval);
  CHECK(heartbeat.tick(kStart + 1min + kInterval) == Verdict::Probe);
  CHECK(heartbeat.deadline() == kStart + 1min + kInterval + kTimeout);
}

TEST_CASE("heartbeat: a hint while reading is paused sends one when reading resumes") {
  Heartbeat heartbeat = started();
  heartbeat.pause(kStart + 1s);
  heartbeat.distrust(kStart + 2s);
  CHECK(heartbeat.deadline() == std::nullopt);
  CHECK(heartbeat.tick(kStart + 2s) == Verdict::Nothing);
  heartbeat.resume(kStart + 9s);
  CHECK(heartbeat.tick(kStart + 9s) == Verdict::Probe);
  CHECK(heartbeat.deadline() == kStart + 9s + kWakeTimeout);
}

TEST_CASE("round trips: the last, the smallest and a moving average with a weight of one eighth") {
  RoundTripMeter meter;
  meter.add(80ms);
  CHECK(meter.roundTrips().last == 80ms);
  CHECK(meter.roundTrips().smoothed == 80ms);
  CHECK(meter.roundTrips().min == 80ms);
  meter.add(160ms);
  CHECK(meter.roundTrips().last == 160ms);
  CHECK(meter.roundTrips().smoothed == 90ms);
  CHECK(meter.roundTrips().min == 80ms);
  meter.add(10ms);
  CHECK(meter.roundTrips().last == 10ms);
  CHECK(meter.roundTrips().smoothed == 80ms);
  CHECK(meter.roundTrips().min == 10ms);
}

TEST_CASE("round trips: a new connection begins afresh") {
  RoundTripMeter meter;
  meter.add(10ms);
  meter.clear();
  meter.add(80ms);
  CHECK(meter.roundTrips().smoothed == 80ms);
  CHECK(meter.roundTrips().min == 80ms);
}

}  // namespace tidewire::core
