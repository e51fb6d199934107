#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "driven_connection.hpp"

namespace tidewire::core::test {
namespace {

using namespace std::chrono_literals;

Options withHeartbeat() {
  return {.heartbeat = {.interval = 25s, .timeout = 10s}};
}

Options withTextHeartbeat() {
  return {.heartbeat = {.interval = 25s, .timeout = 10s, .message = "ping", .answer = "pong"}};
}

Options numbering() {
  return {.heartbeat = {.interval = 25s, .timeout = 10s, .message = "ping {n}", .answer = "pong {n}"}};
}

// Asks now and returns the payload of the Ping.
std::array<std::byte, 8> probeOf(DrivenConnection& driven) {
  driven.probeNow();
  return driven.only<SendPing>().payload;
}

}  // namespace

TEST_CASE("connection heartbeat: an open connection gets one every interval") {
  DrivenConnection driven(withHeartbeat());
  driven.goTo(State::Open);
  CHECK(driven.connection().deadline() == driven.now() + 25s);
  for (int i = 0; i < 3; ++i) {
    driven.untilDeadline();
    const SendPing ping = driven.only<SendPing>();
    driven.pass(40ms);
    driven.pongArrived(ping.payload);
    CHECK(driven.only<HeartbeatInfo>().roundTrip == 40ms);
    CHECK(driven.connection().deadline() == driven.now() - 40ms + 25s);
  }
}

TEST_CASE("connection heartbeat: without a sign of life the connection is cut, and tried again") {
  DrivenConnection driven(withHeartbeat());
  driven.goTo(State::Open);
  driven.passAndTick(25s);
  driven.passAndTick(10s - 1ns);
  CHECK(driven.actions().empty());
  driven.passAndTick(1ns);
  const CloseInfo info = driven.only<CloseInfo>();
  CHECK(info.cause == CloseCause::HeartbeatTimeout);
  CHECK(info.code == 1006);
  CHECK(info.wasOpen);
  CHECK(info.willRetry);
  CHECK(driven.all<Abort>().size() == 1);
}

TEST_CASE("connection heartbeat: bytes of any kind are a sign of life") {
  DrivenConnection driven(withHeartbeat());
  driven.goTo(State::Open);
  driven.passAndTick(25s);
  driven.pass(9s);
  driven.bytesArrived();
  driven.passAndTick(1h);
  CHECK(driven.all<CloseInfo>().empty());
  CHECK(driven.all<SendPing>().size() == 1);
}

TEST_CASE("connection heartbeat: a late timeout first leaves time to read the received bytes") {
  DrivenConnection driven(withHeartbeat());
  driven.goTo(State::Open);
  driven.passAndTick(25s);
  driven.passAndTick(1h);
  CHECK(driven.actions().empty());
  SUBCASE("which proves life") {
    driven.bytesArrived();
    driven.passAndTick(250ms);
    CHECK(driven.all<CloseInfo>().empty());
  }
  SUBCASE("or does not") {
    driven.untilDeadline();
    CHECK(driven.only<CloseInfo>().cause == CloseCause::HeartbeatTimeout);
  }
}

TEST_CASE("connection heartbeat: each Ping has a payload of its own, and only the newest one's Pong counts") {
  DrivenConnection driven(withHeartbeat());
  driven.goTo(State::Open);
  const auto first = probeOf(driven);
  driven.bytesArrived();
  const auto second = probeOf(driven);
  CHECK(first != second);
  driven.pass(20ms);
  driven.pongArrived(first);
  CHECK(driven.actions().empty());
  driven.pongArrived(std::span(second).first(7));
  CHECK(driven.actions().empty());
  driven.pass(10ms);
  driven.pongArrived(second);
  CHECK(driven.only<HeartbeatInfo>().roundTrip == 30ms);
  driven.pongArrived(second);
  CHECK(driven.actions().empty());
}

TEST_CASE("connection heartbeat: the Pong of an earlier connection is no answer") {
  DrivenConnection driven(withHeartbeat());
  driven.goTo(State::Open);
  const auto before = probeOf(driven);
  driven.reconnect();
  driven.opened();
  driven.pongArrived(before);
  CHECK(driven.actions().empty());
  (void)probeOf(driven);
  driven.pongArrived(before);
  CHECK(driven.actions().empty());
}

TEST_CASE("connection heartbeat: a request while one is pending sends no second one") {
  DrivenConnection driven(withHeartbeat());
  driven.goTo(State::Open);
  (void)probeOf(driven);
  driven.probeNow();
  CHECK(driven.actions().empty());
}

TEST_CASE("connection heartbeat: a message is sent as text if configured, and answered in order") {
  for (const bool sendsPings : {true, false}) {
    CAPTURE(sendsPings);
    DrivenConnection driven(withTextHeartbeat(), sendsPings);
    driven.goTo(State::Open);
    CHECK_FALSE(driven.connection().expectsAnswer());
    driven.probeNow();
    CHECK(driven.all<SendProbeText>().size() == 1);
    CHECK(driven.all<SendPing>().empty());
    CHECK(driven.connection().expectsAnswer());
    driven.bytesArrived();
    driven.pass(1s);
    driven.probeNow();
    CHECK(driven.all<SendProbeText>().size() == 1);
    driven.pass(1s);
    driven.answerArrived();
    CHECK(driven.actions().empty());
    CHECK(driven.connection().expectsAnswer());
    driven.answerArrived();
    CHECK(driven.only<HeartbeatInfo>().roundTrip == 1s);
    CHECK_FALSE(driven.connection().expectsAnswer());
  }
}

TEST_CASE("connection heartbeat: a numbered probe is answered by its number alone, and all else is a message") {
  DrivenConnection driven(numbering(), false);
  driven.goTo(State::Open);
  driven.probeNow();
  const std::string probe = driven.only<SendProbeText>().text;
  REQUIRE(probe.starts_with("ping "));
  const std::uint64_t number = std::stoull(probe.substr(5));
  driven.pass(1s);
  for (const std::string& text :
       {std::string("pong"), std::string("pong "), std::string("pong {n}"), "pong " + std::to_string(number - 1),
        "pong " + std::to_string(number + 1), "pong 0" + std::to_string(number), probe, std::string("pong 0")}) {
    CAPTURE(text);
    CHECK_FALSE(driven.answerArrived(text));
    CHECK(driven.actions().empty());
  }
  driven.pass(1s);
  CHECK(driven.answerArrived("pong " + std::to_string(number)));
  CHECK(driven.only<HeartbeatInfo>().roundTrip == 2s);
  CHECK_FALSE(driven.answerArrived("pong " + std::to_string(number)));
}

TEST_CASE("connection heartbeat: the late answer to an older number is no message, and gives no round trip") {
  DrivenConnection driven(numbering(), false);
  driven.goTo(State::Open);
  std::vector<std::string> answers;
  for (int i = 0; i < 3; ++i) {
    driven.probeNow();
    answers.push_back("pong " + driven.only<SendProbeText>().text.substr(5));
    driven.pass(1s);
    driven.bytesArrived();
  }
  CHECK(driven.answerArrived(answers[1]));
  CHECK(driven.all<HeartbeatInfo>().empty());
  CHECK_FALSE(driven.answerArrived(answers[0]));
  CHECK_FALSE(driven.answerArrived(answers[1]));
  CHECK(driven.answerArrived(answers[2]));
  CHECK(driven.only<HeartbeatInfo>().roundTrip == 1s);
}

TEST_CASE(
    "connection heartbeat: numbers go on from connection to connection, differ by client, and are safe integers") {
  std::set<std::uint64_t> firsts;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    DrivenConnection driven(numbering(), false, seed);
    driven.goTo(State::Open);
    driven.probeNow();
    const std::string before = driven.only<SendProbeText>().text;
    const std::uint64_t number = std::stoull(before.substr(5));
    CHECK(number < (std::uint64_t{1} << 53));
    firsts.insert(number);
    driven.reconnect();
    driven.opened();
    CHECK_FALSE(driven.answerArrived("pong " + std::to_string(number)));
    driven.probeNow();
    CHECK(driven.only<SendProbeText>().text == "ping " + std::to_string(number + 1));
    CHECK_FALSE(driven.answerArrived("pong " + std::to_string(number)));
  }
  CHECK(firsts.size() == 100);
}

TEST_CASE("connection heartbeat: none is sent where none can be, and silence has no limit") {
  DrivenConnection driven(withHeartbeat(), false);
  CHECK_FALSE(driven.connection().canProbe());
  driven.goTo(State::Open);
  CHECK(driven.connection().deadline() == std::nullopt);
  driven.probeNow();
  CHECK(driven.actions().empty());
  driven.passAndTick(24h);
  CHECK(driven.actions().empty());
}

TEST_CASE("connection heartbeat: while reading is paused none is sent, and no timeout passes") {
  DrivenConnection driven(withHeartbeat());
  driven.goTo(State::Open);
  driven.passAndTick(25s);
  driven.pass(4s);
  driven.readingPaused(true);
  CHECK(driven.connection().deadline() == std::nullopt);
  driven.passAndTick(1h);
  CHECK(driven.actions().empty());
  driven.readingPaused(false);
  CHECK(driven.connection().deadline() == driven.now() + 6s);
  driven.untilDeadline();
  CHECK(driven.only<CloseInfo>().cause == CloseCause::HeartbeatTimeout);
}

TEST_CASE("connection heartbeat: reading that is paused from the start of an attempt stays so when it opens") {
  DrivenConnection driven(withHeartbeat());
  driven.connect();
  driven.readingPaused(true);
  driven.opened();
  CHECK(driven.connection().deadline() == std::nullopt);
  driven.passAndTick(1h);
  CHECK(driven.actions().empty());
  driven.readingPaused(false);
  driven.tick();
  CHECK(driven.all<SendPing>().size() == 1);
}

TEST_CASE("connection heartbeat: a pause ends with its connection") {
  DrivenConnection driven(withHeartbeat());
  driven.goTo(State::Open);
  driven.readingPaused(true);
  driven.ended();
  driven.readingPaused(true);
  driven.untilDeadline();
  driven.opened();
  CHECK(driven.connection().deadline() == driven.now() + 25s);
}

TEST_CASE("connection heartbeat: a closing connection gets none") {
  DrivenConnection driven(withHeartbeat());
  driven.goTo(State::Open);
  const auto probe = probeOf(driven);
  driven.close();
  (void)driven.send();
  driven.probeNow();
  CHECK(driven.actions().empty());
  driven.pongArrived(probe);
  CHECK(driven.actions().empty());
  CHECK(driven.connection().deadline() == driven.now() + Options().closeTimeout);
}

}  // namespace tidewire::core::test
