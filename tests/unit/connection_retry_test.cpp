#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "driven_connection.hpp"

// When a connection is tried again, and when it is not.
namespace tidewire::core::test {
namespace {

using namespace std::chrono_literals;

// After eight failures and a connection that was open this long, with 5 s for `resetAfter`.
std::chrono::milliseconds longestWaitAfterOpenFor(Duration lasted) {
  std::chrono::milliseconds longest{0};
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    DrivenConnection driven({.reconnect = {.resetAfter = 5s}}, true, seed);
    driven.connect();
    for (int i = 0; i < 8; ++i) {
      driven.ended({.cause = CloseCause::ConnectFailed});
      driven.untilDeadline();
    }
    driven.opened();
    driven.pass(lasted);
    driven.ended();
    longest = std::max(longest, driven.only<CloseInfo>().retryIn);
  }
  return longest;
}

Ending failed() {
  return {.cause = CloseCause::ConnectFailed};
}

Ending refusedFor(Duration retryAfter) {
  return {.cause = CloseCause::HandshakeRefused, .httpStatus = 503, .retryAfter = retryAfter};
}

// How long after a handshake that was refused like this the next attempt begins, for some seeds.
std::vector<Duration> waitsAfter(const Ending& ending, const ReconnectOptions& options) {
  std::vector<Duration> waits;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    DrivenConnection driven({.reconnect = options}, true, seed);
    driven.connect();
    driven.ended(ending);
    waits.push_back(*driven.connection().deadline() - driven.now());
  }
  return waits;
}

}  // namespace

TEST_CASE("retry: every wait lies within its bounds, for many seeds") {
  const std::vector<std::chrono::milliseconds> ceilings = {500ms, 1s, 2s, 4s, 8s, 16s, 20s, 20s};
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    DrivenConnection driven({}, true, seed);
    driven.connect();
    for (const auto ceiling : ceilings) {
      driven.ended({.cause = CloseCause::ConnectFailed});
      const CloseInfo info = driven.only<CloseInfo>();
      CHECK(info.retryIn >= 0ms);
      CHECK(info.retryIn <= ceiling);
      const Duration wait = *driven.connection().deadline() - driven.now();
      CHECK(wait <= info.retryIn);
      CHECK(wait > info.retryIn - 1ms);
      driven.untilDeadline();
      CHECK(driven.state() == State::Connecting);
    }
  }
}

TEST_CASE("retry: the first wait is jittered, and so is the wait after a lost connection") {
  std::set<std::chrono::milliseconds> afterFailure;
  std::set<std::chrono::milliseconds> afterLoss;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    DrivenConnection failing({}, true, seed);
    failing.goTo(State::Waiting);
    afterFailure.insert(failing.only<CloseInfo>().retryIn);
    DrivenConnection losing({}, true, seed);
    losing.goTo(State::Open);
    losing.ended();
    afterLoss.insert(losing.only<CloseInfo>().retryIn);
  }
  // Three hundred draws from five hundred milliseconds.
  CHECK(afterFailure.size() > 150);
  CHECK(afterLoss.size() > 150);
  CHECK(*afterFailure.begin() < 25ms);
  CHECK(*afterFailure.rbegin() > 475ms);
}

TEST_CASE("retry: the count of retries starts afresh only after a connection that lasted") {
  // Of many seeds the longest comes close to the ceiling.
  CHECK(longestWaitAfterOpenFor(0s) > 18s);
  CHECK(longestWaitAfterOpenFor(5s - 1ns) > 18s);
  CHECK(longestWaitAfterOpenFor(5s) > 450ms);
  CHECK(longestWaitAfterOpenFor(5s) <= 500ms);
}

TEST_CASE("retry: connect() after the final close starts the count afresh") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    DrivenConnection driven({}, true, seed);
    driven.connect();
    for (int i = 0; i < 8; ++i) {
      driven.ended({.cause = CloseCause::ConnectFailed});
      driven.untilDeadline();
    }
    driven.close();
    driven.connect();
    driven.ended({.cause = CloseCause::ConnectFailed});
    CHECK(driven.only<CloseInfo>().retryIn <= 500ms);
  }
}

TEST_CASE("retry after: the server's delay is added to the jitter") {
  const std::vector<Duration> waits = waitsAfter(refusedFor(30s), {.firstDelay = 500ms});
  const auto [shortest, longest] = std::ranges::minmax(waits);
  CHECK(shortest >= 30s);
  CHECK(shortest < 30s + 50ms);
  CHECK(longest <= 30s + 500ms);
  CHECK(longest > 30s + 450ms);
}

TEST_CASE("retry: after a response without a WebSocket, each delay is slow and jittered, the first one too") {
  for (const int status : {101, 200, 302, 404, 410, 426, 429}) {
    CAPTURE(status);
    const Ending ending{.cause = CloseCause::HandshakeRefused, .httpStatus = status};
    const std::vector<Duration> waits = waitsAfter(ending, {.firstDelay = 500ms, .maxDelay = 20s});
    const auto [shortest, longest] = std::ranges::minmax(waits);
    CHECK(shortest >= 10s);
    CHECK(shortest < 11s);
    CHECK(longest <= 20s);
    CHECK(longest > 19s);
  }
}

TEST_CASE("retry: a slow wait does not make the usual ones longer") {
  DrivenConnection driven({.reconnect = {.firstDelay = 500ms}});
  driven.connect();
  driven.ended({.cause = CloseCause::HandshakeRefused, .httpStatus = 404});
  driven.untilDeadline();
  driven.ended(failed());
  CHECK(driven.only<CloseInfo>().retryIn <= 500ms);
}

TEST_CASE("retry: 404 for a whole deployment does not end a client that has been open since connect()") {
  for (const Duration lasted : {Duration::zero(), Duration(5s)}) {
    DrivenConnection driven({.reconnect = {.resetAfter = 5s}});
    driven.goTo(State::Open);
    driven.pass(lasted);
    driven.ended();
    for (int i = 0; i < 100; ++i) {
      driven.untilDeadline();
      driven.ended({.cause = CloseCause::HandshakeRefused, .httpStatus = 404});
      CHECK(driven.only<CloseInfo>().willRetry);
    }
    driven.untilDeadline();
    driven.opened();
    CHECK(driven.state() == State::Open);
  }
}

TEST_CASE("retry: the third 404 ends a client that has never been open since connect(), and connect() counts afresh") {
  DrivenConnection driven;
  for (int round = 0; round < 2; ++round) {
    driven.connect();
    for (const bool last : {false, false, true}) {
      // What fails otherwise says nothing of the address.
      driven.ended(failed());
      driven.untilDeadline();
      driven.ended({.cause = CloseCause::HandshakeRefused, .httpStatus = 404});
      CHECK(driven.only<CloseInfo>().willRetry == !last);
      CHECK(driven.only<CloseInfo>().neverOpened == (driven.only<CloseInfo>().attempt % 6 != 2));
      if (!last) {
        driven.untilDeadline();
      }
    }
    CHECK(driven.state() == State::Closed);
  }
}

TEST_CASE("retry after: the close event has the whole delay") {
  DrivenConnection driven;
  driven.connect();
  driven.ended(refusedFor(30s));
  CHECK(driven.only<CloseInfo>().retryIn >= 30s);
  CHECK(driven.now() + driven.only<CloseInfo>().retryIn >= *driven.connection().deadline());
}

TEST_CASE("retry after: it is obeyed up to a bound") {
  for (const Duration wait : waitsAfter(refusedFor(1h), {.firstDelay = 500ms, .maxRetryAfter = 10s})) {
    CHECK(wait >= 10s);
    CHECK(wait <= 10s + 500ms);
  }
  for (const Duration wait : waitsAfter(refusedFor(1h), {.firstDelay = 500ms, .maxRetryAfter = 0s})) {
    CHECK(wait <= 500ms);
  }
}

TEST_CASE("retry after: it holds for one wait, and reconnect() does not wait for it") {
  DrivenConnection driven({.reconnect = {.firstDelay = 500ms, .maxDelay = 500ms}});
  driven.connect();
  driven.ended(refusedFor(30s));
  driven.reconnect();
  CHECK(driven.state() == State::Connecting);
  driven.ended(failed());
  CHECK(driven.only<CloseInfo>().retryIn <= 500ms);
}

TEST_CASE("never opened: it is set from the third failure on") {
  DrivenConnection driven;
  driven.connect();
  for (const bool suspicious : {false, false, true, true}) {
    driven.ended(failed());
    CHECK(driven.only<CloseInfo>().neverOpened == suspicious);
    driven.untilDeadline();
  }
  driven.opened();
  for (int i = 0; i < 5; ++i) {
    driven.ended(failed());
    CHECK_FALSE(driven.only<CloseInfo>().neverOpened);
    driven.untilDeadline();
  }
}

TEST_CASE("never opened: connect() after the final close begins to count afresh") {
  DrivenConnection driven({.reconnect = {.maxAttempts = 3}});
  driven.connect();
  driven.untilDeadline();
  driven.untilDeadline();
  driven.untilDeadline();
  driven.untilDeadline();
  driven.untilDeadline();
  CHECK(driven.only<CloseInfo>().neverOpened);
  CHECK(driven.state() == State::Closed);
  driven.connect();
  driven.ended(failed());
  CHECK_FALSE(driven.only<CloseInfo>().neverOpened);
}

TEST_CASE("attempts in a row: after the last that is allowed the client closes for good") {
  DrivenConnection driven({.reconnect = {.maxAttempts = 3}});
  driven.connect();
  driven.enqueue(1);
  for (int i = 0; i < 2; ++i) {
    driven.ended(failed());
    CHECK(driven.only<CloseInfo>().willRetry);
    driven.untilDeadline();
  }
  driven.ended(failed());
  CHECK_FALSE(driven.only<CloseInfo>().willRetry);
  CHECK(driven.only<CloseInfo>().attempt == 3);
  CHECK(driven.only<CloseInfo>().droppedMessages == 1);
  CHECK(driven.state() == State::Closed);
}

TEST_CASE("attempts in a row: only a connection that lasted ends the row") {
  for (const bool lasts : {true, false}) {
    CAPTURE(lasts);
    DrivenConnection driven({.reconnect = {.resetAfter = 5s, .maxAttempts = 2}});
    driven.connect();
    driven.ended(failed());
    driven.untilDeadline();
    driven.opened();
    driven.pass(lasts ? 5s : 5s - 1ns);
    driven.ended();
    CHECK(driven.only<CloseInfo>().willRetry == lasts);
    if (lasts) {
      driven.untilDeadline();
      driven.ended(failed());
      CHECK(driven.only<CloseInfo>().willRetry);
      driven.untilDeadline();
      driven.ended(failed());
      CHECK_FALSE(driven.only<CloseInfo>().willRetry);
    }
  }
}

TEST_CASE("attempts in a row: connect() after the final close allows as many again") {
  DrivenConnection driven({.reconnect = {.maxAttempts = 2}});
  for (int i = 0; i < 2; ++i) {
    driven.connect();
    driven.ended(failed());
    CHECK(driven.only<CloseInfo>().willRetry);
    driven.untilDeadline();
    driven.ended(failed());
    CHECK(driven.state() == State::Closed);
  }
}

TEST_CASE("attempts in a row: reconnect() begins one all the same, which counts") {
  DrivenConnection driven({.reconnect = {.maxAttempts = 1}});
  driven.connect();
  driven.reconnect();
  CHECK(driven.state() == State::Connecting);
  driven.ended(failed());
  CHECK(driven.state() == State::Closed);
}

}  // namespace tidewire::core::test
