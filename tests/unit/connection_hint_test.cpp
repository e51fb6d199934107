#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "driven_connection.hpp"

// What a connection makes of what the platform notices, and how a sleep is noticed.
namespace tidewire::core::test {
namespace {

using namespace std::chrono_literals;

constexpr std::array kHints = {Hint::WokeUp, Hint::Online, Hint::Offline, Hint::Visible};

Options heartbeats(OnWake onWake = OnWake::Trust) {
  return {.heartbeat = {.interval = 25s, .timeout = 10s, .wakeTimeout = 3s, .onWake = onWake}};
}

// Waits up to 20 s for the next attempt, and with a hint up to 100 ms.
ReconnectOptions patient() {
  return {.firstDelay = 100ms, .maxDelay = 20s};
}

// Fails until the wait is the longest of many.
void waitLong(DrivenConnection& driven) {
  driven.connect();
  do {
    if (driven.state() == State::Waiting) {
      driven.untilDeadline();
    }
    driven.ended({.cause = CloseCause::ConnectFailed});
  } while (*driven.connection().deadline() - driven.now() < 10s);
}

}  // namespace

TEST_CASE("hint: outside Open and Waiting it leads nowhere") {
  for (const State state : {State::Idle, State::Connecting, State::Closing, State::Closed}) {
    for (const Hint hint : kHints) {
      CAPTURE(std::string(nameOf(state)));
      DrivenConnection driven(heartbeats(OnWake::Reconnect), state != State::Connecting);
      driven.goTo(state);
      const auto before = driven.connection().deadline();
      driven.hint(hint);
      CHECK(driven.actions().empty());
      CHECK(driven.connection().deadline() == before);
    }
  }
}

TEST_CASE("hint: an open connection gets a heartbeat at once, with the wake-up timeout") {
  for (const OnWake onWake : {OnWake::Trust, OnWake::Reconnect}) {
    for (const Hint hint : kHints) {
      DrivenConnection driven(heartbeats(onWake));
      driven.goTo(State::Open);
      driven.pass(1s);
      driven.hint(hint);
      CHECK(driven.all<SendPing>().size() == 1);
      CHECK(driven.actions().size() == 1);
      CHECK(driven.connection().deadline() == driven.now() + 3s);
      driven.passAndTick(3s);
      CHECK(driven.only<CloseInfo>().cause == CloseCause::HeartbeatTimeout);
    }
  }
}

TEST_CASE("hint: an answer restores the trust") {
  DrivenConnection driven(heartbeats());
  driven.goTo(State::Open);
  driven.hint(Hint::WokeUp);
  const SendPing ping = driven.only<SendPing>();
  driven.pass(2s);
  driven.pongArrived(ping.payload);
  CHECK(driven.only<HeartbeatInfo>().roundTrip == 2s);
  CHECK(driven.connection().deadline() == driven.now() - 2s + 25s);
}

TEST_CASE("hint: with heartbeat.message, that text is sent") {
  Options options = heartbeats();
  options.heartbeat.message = "ping";
  DrivenConnection driven(options, false);
  driven.goTo(State::Open);
  driven.hint(Hint::Online);
  CHECK(driven.all<SendProbeText>().size() == 1);
}

TEST_CASE("hint: a heartbeat is sent even without an interval") {
  DrivenConnection driven({.heartbeat = {.interval = 0s}});
  driven.goTo(State::Open);
  driven.hint(Hint::WokeUp);
  CHECK(driven.all<SendPing>().size() == 1);
}

TEST_CASE("hint: without a heartbeat a connection is trusted, or dropped after a sleep or a new network") {
  for (const Hint hint : kHints) {
    DrivenConnection trusting(heartbeats(), false);
    trusting.goTo(State::Open);
    trusting.hint(hint);
    CHECK(trusting.actions().empty());

    DrivenConnection wary(heartbeats(OnWake::Reconnect), false);
    wary.goTo(State::Open);
    wary.hint(hint);
    if (hint == Hint::WokeUp || hint == Hint::Online) {
      CHECK(wary.only<CloseInfo>().cause == CloseCause::WokeUp);
      CHECK(wary.only<CloseInfo>().wasOpen);
      CHECK(wary.only<CloseInfo>().willRetry);
      CHECK(wary.all<Abort>().size() == 1);
    } else {
      CHECK(wary.actions().empty());
    }
  }
}

TEST_CASE("hint: a retry delay is shortened to the first ceiling, but not by offline") {
  for (const Hint hint : kHints) {
    std::set<Duration> waits;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      DrivenConnection driven({.reconnect = patient()}, true, seed);
      waitLong(driven);
      const Duration before = *driven.connection().deadline() - driven.now();
      driven.hint(hint);
      CHECK(driven.actions().empty());
      const Duration after = *driven.connection().deadline() - driven.now();
      if (hint == Hint::Offline) {
        CHECK(after == before);
      } else {
        CHECK(after <= 100ms);
        waits.insert(after);
      }
      driven.untilDeadline();
      CHECK(driven.state() == State::Connecting);
    }
    // A thousand clients that wake up together do not come back at the same moment.
    CHECK((hint == Hint::Offline || (*waits.begin() < 10ms && *waits.rbegin() > 90ms)));
  }
}

TEST_CASE("hint: a wait is never made longer") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    DrivenConnection driven({.reconnect = patient()}, true, seed);
    waitLong(driven);
    driven.pass(*driven.connection().deadline() - driven.now() - 1ms);
    const auto before = driven.connection().deadline();
    driven.hint(Hint::Online);
    CHECK(*driven.connection().deadline() <= *before);
  }
}

TEST_CASE("hint: a delay of Retry-After is not shortened") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    DrivenConnection driven({.reconnect = {.firstDelay = 20s, .maxDelay = 20s}}, true, seed);
    driven.connect();
    driven.ended({.cause = CloseCause::HandshakeRefused, .httpStatus = 503, .retryAfter = 30s});
    const Time asked = driven.now() + 30s;
    driven.hint(Hint::Visible);
    CHECK(*driven.connection().deadline() >= asked);
    driven.pass(15s);
    driven.hint(Hint::Visible);
    CHECK(*driven.connection().deadline() >= asked);
  }
}

TEST_CASE("hint: without reconnecting, a connection that is not trusted any more is the last one") {
  Options options = heartbeats(OnWake::Reconnect);
  options.reconnect.enabled = false;
  DrivenConnection driven(options, false);
  driven.goTo(State::Open);
  driven.hint(Hint::WokeUp);
  CHECK(driven.state() == State::Closed);
}

TEST_CASE("wake watch: two clocks that advance together are no sleep") {
  WakeWatch watch;
  CHECK_FALSE(watch.notice(Time(1h), WallTime(1'700'000'000s)));
  for (int i = 1; i < 10; ++i) {
    CHECK_FALSE(watch.notice(Time(1h + i * 1min), WallTime(1'700'000'000s + i * 1min)));
  }
}

TEST_CASE("wake watch: a wall clock that went on alone means sleep, beyond five seconds and once") {
  WakeWatch watch;
  CHECK_FALSE(watch.notice(Time(1h), WallTime(1000s)));
  CHECK_FALSE(watch.notice(Time(1h + 1s), WallTime(1006s)));
  CHECK(watch.notice(Time(1h + 2s), WallTime(1012s + 1ms)));
  CHECK_FALSE(watch.notice(Time(1h + 3s), WallTime(1013s + 1ms)));
}

TEST_CASE("wake watch: a wall clock that is set back means nothing") {
  WakeWatch watch;
  CHECK_FALSE(watch.notice(Time(1h), WallTime(1000s)));
  CHECK_FALSE(watch.notice(Time(1h + 1s), WallTime(10s)));
  CHECK_FALSE(watch.notice(Time(1h + 2s), WallTime(11s)));
}

TEST_CASE("wake watch: a timer that is long overdue means that everything stood still") {
  WakeWatch watch;
  CHECK_FALSE(watch.notice(Time(1h), WallTime(1000s), Time(1h - 5s)));
  CHECK(watch.notice(Time(1h + 1min), WallTime(1060s), Time(1h + 54s)));
  CHECK_FALSE(watch.notice(Time(1h + 2min), WallTime(1120s), Time(1h + 2min)));
  CHECK_FALSE(watch.notice(Time(1h + 5min), WallTime(1300s)));
}

}  // namespace tidewire::core::test
