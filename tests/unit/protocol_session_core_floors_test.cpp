#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "driven_session_core.hpp"

namespace tidewire::core::protocol {
namespace {

using namespace std::chrono_literals;
using test::Driven;
using test::kStart;
using test::kWelcome;

/// How often `what` stands in `text`.
std::size_t times(std::string_view what, std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

constexpr std::string_view kSubscribe = R"("op":"subscribe")";
constexpr std::string_view kUnsubscribe = R"("op":"unsubscribe")";

/// The id of the last message in `sent` that has one.
std::string lastId(const std::string& sent) {
  const std::size_t at = sent.rfind(R"("id":)") + 5;
  return sent.substr(at, sent.find_first_of(",}", at) - at);
}

void answer(Driven& session, const std::string& sent, Time now, std::uint64_t seq) {
  session.hear(R"({"op":"subscribed","id":)" + lastId(sent) + R"(,"epoch":"e","seq":)" + std::to_string(seq) +
                   R"(,"recovered":true})",
               now);
}

/// A server that has everything up to 5, and from 7 on.
void meetHole(Driven& session, std::string_view event) {
  session.core.subscribe(1, "c", false, 0, Position{"e", 5});
  session.open();
  session.hear(R"({"op":"subscribed","id":1,"epoch":"e","seq":7,"recovered":true})");
  session.hear(event);
}

TEST_CASE("session core: a permanent hole is reported as one gap after the second attempt") {
  for (const char* event :
       {R"({"op":"event","channel":"c","seq":7})", R"({"op":"event","channel":"c","seq":7,"skipped":1})"}) {
    CAPTURE(event);
    Driven session;
    meetHole(session, event);
    std::string sent = session.sent();
    CHECK(times(kUnsubscribe, sent) == 1);
    CHECK(times(R"("since":{"epoch":"e","seq":5})", sent) == 1);

    answer(session, sent, kStart, 7);
    session.hear(event);
    sent = session.sent();
    CHECK(times(kUnsubscribe, sent) == 1);
    CHECK(times(kSubscribe, sent) == 0);
    REQUIRE(session.core.deadline());
    const Time second = *session.core.deadline();
    CHECK(second >= kStart + 1s);
    CHECK(second <= kStart + 2s);
    session.tick(second);
    sent = session.sent(second);
    CHECK(times(kSubscribe, sent) == 1);

    CHECK(session.all<GapFound>().empty());
    answer(session, sent, second, 7);
    session.hear(event, second);
    CHECK(session.sent(second).empty());
    REQUIRE(session.all<GapFound>().size() == 1);
    const Loss loss = session.last<GapFound>()->loss;
    REQUIRE(loss.range);
    CHECK(loss.range->from == 6);
    CHECK(loss.range->to == 6);
    REQUIRE(session.last<EventArrived>() != nullptr);
    CHECK(session.last<EventArrived>()->event.seq == 7);
    CHECK(session.last<EventArrived>()->event.skipped == 0);
    session.hear(R"({"op":"event","channel":"c","seq":8})", second);
    CHECK(session.last<EventArrived>()->event.seq == 8);
    CHECK(session.all<GapFound>().size() == 1);
  }
}

TEST_CASE("session core: an event that comes after all closes a hole without a gap") {
  Driven session;
  meetHole(session, R"({"op":"event","channel":"c","seq":7})");
  answer(session, session.sent(), kStart, 7);
  session.hear(R"({"op":"event","channel":"c","seq":6})");
  session.hear(R"({"op":"event","channel":"c","seq":7})");
  CHECK(session.all<EventArrived>().size() == 2);
  CHECK(session.all<GapFound>().empty());
}

TEST_CASE("session core: a server with a hole before every event gets at most one subscribe a second") {
  Driven session;
  meetHole(session, R"({"op":"event","channel":"c","seq":7})");
  std::vector<Time> subscribes;
  std::uint64_t seq = 7;
  for (Time now = kStart; now < kStart + 300s; now += 10ms) {
    session.tick(now);
    if (const std::string sent = session.sent(now); times(kSubscribe, sent) > 0) {
      REQUIRE(times(kSubscribe, sent) == 1);
      subscribes.push_back(now);
      answer(session, sent, now, seq);
    }
    if (session.last<EventArrived>() != nullptr) {
      seq = session.last<EventArrived>()->event.seq + 2;
    }
    session.hear(R"({"op":"event","channel":"c","seq":)" + std::to_string(seq) + "}", now);
  }
  REQUIRE(subscribes.size() > 5);
  CHECK(subscribes.size() < 30);  // It backs off.
  for (std::size_t i = 1; i < subscribes.size(); ++i) {
    CHECK(subscribes[i] - subscribes[i - 1] >= 1s);
  }
  CHECK(session.all<GapFound>().size() > 2);
}

/// What a server says instead of `subscribed`, or behind it, in which nothing is final.
void checkTriedAgain(const std::string& refusal, bool answeredFirst) {
  Driven session;
  session.core.subscribe(1, "c", false, 0, std::nullopt);
  session.open();
  std::vector<Time> subscribes = {kStart};
  std::string id = "1";
  for (Time now = kStart; now < kStart + 3600s; now += 100ms) {
    session.tick(now);
    if (const std::string sent = session.sent(now); times(kSubscribe, sent) > 0) {
      subscribes.push_back(now);
      id = lastId(sent);
    }
    if (subscribes.back() == now) {
      if (answeredFirst) {
        session.hear(R"({"op":"subscribed","id":)" + id + R"(,"epoch":"e","seq":0,"recovered":true})", now);
      }
      std::string said = refusal;
      said.replace(said.find('#'), 1, id);
      session.hear(said, now);
    }
  }
  CHECK(session.last<SubscriptionEnded>() == nullptr);
  CHECK(session.all<SubscriptionInterrupted>().size() == (answeredFirst ? subscribes.size() : 0));
  CHECK(subscribes.size() > 60);   // An hour has 60 times 60 s.
  CHECK(subscribes.size() < 200);  // Half of that on the average, and some at the start.
  for (std::size_t i = 1; i < subscribes.size(); ++i) {
    CHECK(subscribes[i] - subscribes[i - 1] >= 1s);
    CHECK(subscribes[i] - subscribes[i - 1] <= 61s);
  }
}

TEST_CASE("session core: a subscription that is refused for the moment is tried again, ever more slowly") {
  checkTriedAgain(R"({"op":"error","id":#,"code":"unavailable","temporary":true})", false);
}

TEST_CASE("session core: a subscription that is ended for the moment is tried again, ever more slowly") {
  checkTriedAgain(R"({"op":"unsubscribed","channel":"c","code":"later","message":"#","temporary":true})", true);
}

TEST_CASE("session core: already-subscribed ends nothing, and the next attempt unsubscribes first") {
  Driven session;
  session.core.subscribe(1, "c", false, 0, std::nullopt);
  session.open();
  session.hear(R"({"op":"error","id":1,"code":"already-subscribed"})");
  CHECK(session.last<SubscriptionEnded>() == nullptr);
  CHECK(times(kUnsubscribe, session.sent()) == 1);
  REQUIRE(session.core.deadline());
  CHECK(*session.core.deadline() >= kStart + 1s);
  session.tick(*session.core.deadline());
  CHECK(times(kSubscribe, session.sent(kStart + 3s)) == 1);
}

TEST_CASE("session core: unsubscribing while the next attempt waits cancels it") {
  Driven session;
  session.core.subscribe(1, "c", false, 0, std::nullopt);
  session.open();
  session.hear(R"({"op":"error","id":1,"code":"unavailable","temporary":true})");
  session.core.unsubscribe(1, "c");
  CHECK(!session.core.deadline());
  session.tick(kStart + 60s);
  CHECK(session.sent(kStart + 60s).empty());
}

TEST_CASE("session core: a new connection does not wait for the next attempt, and none is left of the old one") {
  Driven session;
  session.core.subscribe(1, "c", false, 0, std::nullopt);
  session.open();
  session.hear(R"({"op":"error","id":1,"code":"unavailable","temporary":true})");
  session.core.ended(false);
  CHECK(!session.core.deadline());
  session.core.opened(kStart, std::nullopt);
  CHECK(times(kSubscribe, session.sent()) == 1);
}

TEST_CASE("session core: a heartbeat is a second at least, and none stays none") {
  for (const auto& [asked, given] : {std::pair("0", 0ms), std::pair("1", 1000ms), std::pair("1001", 1001ms)}) {
    Driven session;
    session.open(R"({"op":"welcome","v":1,"resumed":false,"now":0,"heartbeat":)" + std::string(asked) + "}");
    CHECK(session.last<Welcomed>()->heartbeat == given);
  }
}

}  // namespace
}  // namespace tidewire::core::protocol
