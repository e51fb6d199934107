#include <doctest/doctest.h>

#include <optional>

#include "driven_connection.hpp"

// An endpoint function, as the core sees it: a request before every attempt, and what its answer leads to.
namespace tidewire::core::test {
namespace {

using namespace std::chrono_literals;

Options withEndpoint() {
  return {.endpoint = someEndpoint(), .connectTimeout = 15s};
}

Ending unauthorized() {
  return {.cause = CloseCause::HandshakeRefused, .httpStatus = 401};
}

Ending policyViolation() {
  return {.cause = CloseCause::ClosedByPeer, .code = 1008};
}

// Goes on to the next attempt and answers its request.
void nextAttempt(DrivenConnection& driven) {
  driven.untilDeadline();
  driven.endpointAnswered();
  CHECK(driven.all<Dial>().size() == 1);
}

}  // namespace

TEST_CASE("endpoint: an attempt calls the function, and dials once it has answered") {
  DrivenConnection driven(withEndpoint());
  driven.connect();
  CHECK(driven.state() == State::Connecting);
  CHECK(driven.only<RequestEndpoint>().attempt == 1);
  CHECK(driven.all<Dial>().empty());
  CHECK(driven.connection().awaitsEndpoint(1));
  driven.pass(3s);
  driven.endpointAnswered();
  CHECK(driven.all<Dial>().size() == 1);
  CHECK(driven.actions().size() == 1);
  CHECK_FALSE(driven.connection().awaitsEndpoint(1));
}

TEST_CASE("endpoint: without a function the attempt dials at once") {
  DrivenConnection driven;
  driven.connect();
  CHECK(driven.all<RequestEndpoint>().empty());
  CHECK(driven.all<Dial>().size() == 1);
  CHECK_FALSE(driven.connection().awaitsEndpoint(1));
  driven.endpointAnswered();
  CHECK(driven.actions().empty());
  driven.endpointFailed(1);
  CHECK(driven.actions().empty());
}

TEST_CASE("endpoint: its duration is reported with those of the transport") {
  DrivenConnection driven(withEndpoint());
  driven.connect();
  driven.pass(40ms);
  driven.endpointAnswered();
  driven.pass(60ms);
  driven.opened({}, {.lookUp = 7ms, .upgrade = 9ms});
  const Opened opened = driven.only<Opened>();
  CHECK(opened.handshakeTime == 100ms);
  CHECK(opened.times.endpoint == std::optional<std::chrono::microseconds>(40ms));
  CHECK(opened.times.lookUp == std::optional<std::chrono::microseconds>(7ms));
  CHECK(opened.times.upgrade == std::optional<std::chrono::microseconds>(9ms));
  CHECK_FALSE(opened.times.tls.has_value());

  DrivenConnection plain;
  plain.connect();
  plain.opened();
  CHECK_FALSE(plain.only<Opened>().times.endpoint.has_value());
}

TEST_CASE("endpoint: the first answer counts, and only while its attempt waits for it") {
  DrivenConnection driven(withEndpoint());
  driven.connect();
  SUBCASE("a second answer, or a failure after the answer") {
    driven.endpointAnswered(1);
    driven.endpointAnswered(1);
    CHECK(driven.actions().empty());
    driven.endpointFailed(1);
    CHECK(driven.actions().empty());
  }
  SUBCASE("an answer after the failure") {
    driven.endpointFailed(1);
    driven.endpointAnswered(1);
    CHECK(driven.actions().empty());
    CHECK_FALSE(driven.connection().awaitsEndpoint(1));
  }
  SUBCASE("what answers an attempt that is over") {
    driven.reconnect();
    CHECK(driven.only<RequestEndpoint>().attempt == 2);
    driven.endpointAnswered(1);
    CHECK(driven.actions().empty());
    driven.endpointFailed(1, "late");
    CHECK(driven.actions().empty());
    CHECK(driven.connection().awaitsEndpoint(2));
    driven.endpointAnswered(2);
    CHECK(driven.all<Dial>().size() == 1);
  }
  SUBCASE("what answers an attempt that has not begun") {
    driven.endpointAnswered(2);
    CHECK(driven.actions().empty());
    CHECK(driven.connection().awaitsEndpoint(1));
  }
}

TEST_CASE("endpoint: a failure ends the attempt with its reason, and is retried") {
  DrivenConnection driven(withEndpoint());
  driven.connect();
  driven.endpointFailed(1, "no token today");
  const CloseInfo info = driven.only<CloseInfo>();
  CHECK(info.cause == CloseCause::EndpointFailed);
  CHECK(info.detail == "no token today");
  CHECK_FALSE(info.wasOpen);
  CHECK(info.willRetry);
  CHECK(driven.state() == State::Waiting);
  driven.untilDeadline();
  CHECK(driven.only<RequestEndpoint>().attempt == 2);
}

TEST_CASE("endpoint: the reason of a failure is one line of bounded length in the close event") {
  DrivenConnection driven(withEndpoint());
  driven.connect();
  driven.endpointFailed(1, "line\nline\x1b[2J\xff" + std::string(5000, 'x'));
  const std::string detail = driven.only<CloseInfo>().detail;
  CHECK(detail.starts_with("line\\nline\\x1b[2J\\xffxxx"));
  CHECK(detail.size() == 1000);
}

TEST_CASE("endpoint: the connect timeout covers the call, and the steps after it") {
  DrivenConnection driven(withEndpoint());
  driven.connect();
  const Time end = driven.now() + 15s;
  SUBCASE("that nobody answers") {
    CHECK(driven.connection().deadline() == end);
  }
  SUBCASE("that is answered late") {
    driven.pass(14s);
    driven.endpointAnswered();
    CHECK(driven.connection().deadline() == end);
  }
  driven.untilDeadline();
  CHECK(driven.now() == end);
  CHECK(driven.only<CloseInfo>().cause == CloseCause::ConnectTimeout);
  driven.endpointAnswered(1);
  CHECK(driven.actions().empty());
}

TEST_CASE("endpoint: close() and reconnect() do not wait for an answer") {
  DrivenConnection driven(withEndpoint());
  driven.connect();
  SUBCASE("close()") {
    driven.close();
    CHECK(driven.path() == Path{State::Closed});
    CHECK(driven.only<CloseInfo>().cause == CloseCause::ClosedByUser);
  }
  SUBCASE("reconnect()") {
    driven.reconnect();
    CHECK(driven.path() == Path{State::Waiting, State::Connecting});
    CHECK(driven.only<CloseInfo>().cause == CloseCause::ReconnectRequested);
    CHECK(driven.only<RequestEndpoint>().attempt == 2);
  }
}

TEST_CASE("endpoint: it gets the previous close event") {
  DrivenConnection driven(withEndpoint());
  driven.connect();
  CHECK_FALSE(driven.only<RequestEndpoint>().lastClose.has_value());
  driven.endpointAnswered();
  driven.ended(unauthorized());
  driven.untilDeadline();
  const auto lastClose = driven.only<RequestEndpoint>().lastClose;
  REQUIRE(lastClose.has_value());
  CHECK(lastClose->httpStatus == 401);
  CHECK(lastClose->attempt == 1);
  driven.close();
  driven.connect();
  CHECK_FALSE(driven.only<RequestEndpoint>().lastClose.has_value());
}

TEST_CASE("endpoint: credentials that are refused may be renewed once") {
  DrivenConnection driven(withEndpoint());
  driven.goTo(State::Connecting);
  driven.ended(unauthorized());
  CHECK(driven.only<CloseInfo>().willRetry);
  nextAttempt(driven);
  SUBCASE("the fresh ones are refused too") {
    driven.ended(unauthorized());
    CHECK(driven.state() == State::Closed);
  }
  SUBCASE("in the other way") {
    driven.opened();
    driven.ended(policyViolation());
    CHECK(driven.state() == State::Closed);
  }
  SUBCASE("after another failure in between") {
    driven.ended({.cause = CloseCause::ConnectFailed});
    nextAttempt(driven);
    driven.ended(unauthorized());
    CHECK(driven.state() == State::Closed);
  }
}

TEST_CASE("endpoint: a connection that lasted makes its credentials good ones again, a brief one does not") {
  for (const bool lasts : {true, false}) {
    CAPTURE(lasts);
    DrivenConnection driven(withEndpoint());
    driven.goTo(State::Connecting);
    driven.ended(unauthorized());
    nextAttempt(driven);
    driven.opened();
    driven.pass(lasts ? 5s : 5s - 1ns);
    driven.ended(policyViolation());
    CHECK(driven.only<CloseInfo>().willRetry == lasts);
    if (lasts) {
      nextAttempt(driven);
      driven.ended(unauthorized());
      CHECK(driven.state() == State::Closed);
    }
  }
}

TEST_CASE("endpoint: connect() after the final close may renew once more") {
  DrivenConnection driven(withEndpoint());
  driven.goTo(State::Connecting);
  driven.ended(unauthorized());
  nextAttempt(driven);
  driven.ended(unauthorized());
  CHECK(driven.state() == State::Closed);
  driven.connect();
  driven.endpointAnswered();
  driven.ended(unauthorized());
  CHECK(driven.only<CloseInfo>().willRetry);
}

}  // namespace tidewire::core::test
