#include <doctest/doctest.h>

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "driven_session_core.hpp"

namespace tidewire::core::protocol {
namespace {

using namespace std::chrono_literals;
using test::Driven;
using test::kStart;

TEST_CASE("session core: a token that comes between hello and welcome is given to the server, too") {
  Driven session;
  session.core.opened(kStart, "old");
  (void)session.send();
  session.core.authenticate("fresh");
  const auto batches = session.send();
  REQUIRE(batches.size() == 1);
  CHECK(batches[0].payload == R"({"op":"auth","id":1,"token":"fresh"})");
}

TEST_CASE("session core: a publish that a failed server may have taken is not called refused") {
  using Outcome = tidewire::Ack::Outcome;
  Driven session;
  session.open();
  for (const auto& [code, outcome] :
       {std::pair("forbidden", Outcome::Refused), std::pair("internal", Outcome::Unknown)}) {
    const CallId id = outcome == Outcome::Refused ? 1 : 2;
    session.core.call(kStart, {.id = id, .target = "c", .body = "b", .ack = true});
    REQUIRE(session.send().size() == 1);
    session.hear(R"({"op":"error","id":)" + std::to_string(id) + R"(,"code":")" + code + R"("})");
    REQUIRE(session.last<PublishEnded>() != nullptr);
    CHECK(session.last<PublishEnded>()->ack.outcome == outcome);
  }
}

TEST_CASE("session core: a publish that was sent again to a server without memory is not called refused") {
  Driven session;
  session.open();
  session.core.call(kStart, {.id = 1, .target = "c", .body = "b", .ack = true, .resend = true});
  REQUIRE(session.send().size() == 1);
  session.core.ended(false);
  session.open();
  REQUIRE(session.send().size() == 1);
  session.hear(R"({"op":"error","id":1,"code":"rate-limited","temporary":true})");
  REQUIRE(session.last<PublishEnded>() != nullptr);
  CHECK(session.last<PublishEnded>()->ack.outcome == tidewire::Ack::Outcome::Unknown);
}

TEST_CASE("session core: goaway is followed within its spread, and not by all at once") {
  std::set<Time> times;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Driven session({}, seed);
    session.open();
    session.hear(R"({"op":"goaway","after":1000,"spread":5000})");
    REQUIRE(session.core.deadline());
    CHECK(*session.core.deadline() >= kStart + 5s);
    CHECK(*session.core.deadline() <= kStart + 10s);
    times.insert(*session.core.deadline());
  }
  CHECK(times.size() > 25);
  CHECK(*times.rbegin() - *times.begin() > 3s);
}

TEST_CASE("session core: the pong of a keep-alive ping gives neither a clock nor a round trip") {
  Driven session;
  session.core.reassure();
  CHECK(session.send().empty());
  session.open();
  session.core.reassure();
  const auto batches = session.send();
  REQUIRE(batches.size() == 1);
  CHECK(batches[0].payload == R"({"op":"ping","t":0})");
  const auto clock = session.core.serverOffset();
  session.hear(R"({"op":"pong","t":0,"now":9000000})", kStart + 1h);
  CHECK(session.last<PongArrived>() == nullptr);
  CHECK(session.core.serverOffset() == clock);

  // A probe reassures too.
  session.core.probe(kStart + 1h, 3);
  session.core.reassure();
  CHECK(session.send()[0].payload == R"({"op":"ping","t":3})");
}

TEST_CASE("session core: the server's clock is read half way between probe and answer, of the quickest best") {
  Driven session;
  session.core.opened(kStart, std::nullopt);
  (void)session.send();
  session.hear(R"({"op":"welcome","v":1,"resumed":false,"now":1000000})", kStart + 100ms);
  // It showed 1000000 at 50 ms.
  CHECK(session.core.serverOffset() == Duration(1'000'000ms) - (kStart + 50ms).time_since_epoch());
  session.core.probe(kStart + 1s, 7);
  (void)session.send(kStart + 1s);
  session.hear(R"({"op":"pong","t":7,"now":2000000})", kStart + 1s + 20ms);
  CHECK(session.core.serverOffset() == Duration(2'000'000ms) - (kStart + 1s + 10ms).time_since_epoch());
  // A slow one tells less.
  session.core.probe(kStart + 2s, 8);
  (void)session.send(kStart + 2s);
  session.hear(R"({"op":"pong","t":8,"now":9000000})", kStart + 3s);
  CHECK(session.core.serverOffset() == Duration(2'000'000ms) - (kStart + 1s + 10ms).time_since_epoch());
}

TEST_CASE("session core: times that no clock has are taken for the longest that one has") {
  Driven session;
  session.core.call(kStart, {.id = 1, .target = "c", .body = "b", .ack = true});
  const std::string welcome =
      R"({"op":"welcome","v":1,"resumed":true,"now":9007199254740991,"heartbeat":9007199254740991,)"
      R"("memory":"m","dedup":{"count":1,"ms":9007199254740991}})";
  session.open(welcome);
  REQUIRE(session.last<Welcomed>() != nullptr);
  CHECK(session.last<Welcomed>()->heartbeat == std::chrono::hours(24 * 3652));
  CHECK(session.core.serverOffset() > Duration(std::chrono::hours(24 * 365 * 200)));

  session.hear(R"({"op":"goaway","after":9007199254740991,"spread":9007199254740991})");
  CHECK(session.core.deadline() >= kStart + std::chrono::hours(24 * 3652));

  REQUIRE(session.send().size() == 1);
  session.core.ended(false);
  session.open(welcome);
  CHECK(session.last<PublishEnded>() == nullptr);
}

TEST_CASE("session core: a batch past its delay that waits for room sets no deadline") {
  Driven session(5ms);
  session.open();
  session.core.call(kStart, {.id = 1, .target = "c", .body = "b"});
  CHECK(session.send().empty());
  CHECK(session.core.deadline() == kStart + 5ms);
  session.tick(kStart + 5ms);
  CHECK(!session.core.deadline());
  CHECK(session.send(kStart + 6ms).size() == 1);

  session.core.call(kStart, {.id = 2, .target = "c", .body = "b"});
  CHECK(session.send(kStart + 7ms).empty());
  CHECK(session.core.deadline() == kStart + 12ms);
}

TEST_CASE("session core: a connection that has failed is waited for no more") {
  Driven session(5ms);
  session.open();
  session.core.call(kStart, {.id = 1, .target = "c", .body = "b"});
  CHECK(session.send().empty());
  session.hear(R"({"op":"goaway","after":1000})");
  session.hear("no head");
  REQUIRE(session.last<PeerFailed>() != nullptr);
  CHECK(!session.core.deadline());
  session.tick(kStart + 1s);
  CHECK(session.last<LeaveNow>() == nullptr);
}

TEST_CASE("session core: a subscription that is begun anew is interrupted until it is answered") {
  Driven session;
  session.core.subscribe(7, "c", true, 0, std::nullopt);
  session.open();
  session.hear(R"({"op":"subscribed","id":1,"epoch":"e","seq":0,"recovered":true})");
  CHECK(session.last<SubscriptionInterrupted>() == nullptr);

  session.hear(R"({"op":"event","channel":"c","seq":2})");  // A hole.
  REQUIRE(session.last<SubscriptionInterrupted>() != nullptr);
  CHECK(session.last<SubscriptionInterrupted>()->to == std::vector<SubscriberId>{7});
  session.hear(R"({"op":"subscribed","id":3,"epoch":"e","seq":2,"recovered":true})");

  session.told.clear();
  session.core.subscribe(8, "c", false, 0, std::nullopt);  // It wants each event, so the other gets each, too.
  session.drain();
  CHECK(session.last<SubscriptionInterrupted>() != nullptr);
}

TEST_CASE("session core: no call is larger than the server takes, its length included where that is sent") {
  // {"op":"request","id":1,"method":"m"} and a newline are 37 bytes; a length from 128 on has two.
  constexpr std::size_t kLargest = 200;
  const auto sends = [](BodyType type, std::size_t bodyBytes) {
    Driven session;
    session.open(R"({"op":"welcome","v":1,"resumed":false,"now":0,"maxMessage":200})");
    std::string body(bodyBytes, 'x');
    body.back() = type == BodyType::Text ? 'x' : '\xFF';
    session.core.call(kStart, {.id = 1, .kind = Call::Kind::Request, .target = "m", .type = type, .body = body});
    const std::vector<Framer::Batch> batches = session.send();
    CHECK(batches.empty() == (session.last<RequestEnded>() != nullptr));
    return batches.empty() ? 0 : batches.front().payload.size();
  };
  CHECK(sends(BodyType::Text, kLargest - 37) == kLargest);
  CHECK(sends(BodyType::Text, kLargest - 36) == 0);
  constexpr std::size_t kType = std::string_view(R"(,"type":"bytes")").size();
  CHECK(sends(BodyType::Bytes, kLargest - 37 - kType - 2) == kLargest);
  CHECK(sends(BodyType::Bytes, kLargest - 37 - kType - 1) == 0);
  CHECK(sends(BodyType::Bytes, kLargest - 37 - kType) == 0);
}

TEST_CASE("session core: a publish in doubt that the next server does not take stays in doubt") {
  Driven session;
  session.core.call(kStart, {.id = 1, .target = "c", .body = std::string(200, 'x'), .ack = true, .resend = true});
  session.open();
  REQUIRE(session.send().size() == 1);
  session.core.ended(false);
  session.open(R"({"op":"welcome","v":1,"resumed":false,"now":0,"maxMessage":100})");
  CHECK(session.send().empty());
  REQUIRE(session.last<PublishEnded>() != nullptr);
  CHECK(session.last<PublishEnded>()->ack.outcome == tidewire::Ack::Outcome::Unknown);
  CHECK(session.last<PublishEnded>()->ack.error.code == "too-large");
}

}  // namespace
}  // namespace tidewire::core::protocol
