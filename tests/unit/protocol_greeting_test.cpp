#include "core/protocol/greeting.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>

#include "core/protocol/batch_delay.hpp"
#include "core/protocol/server_clock.hpp"

namespace tidewire::core::protocol {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart{1h};

Duration serverLess(Duration server, Time here) {
  return server - here.time_since_epoch();
}

}  // namespace

TEST_CASE("greeting: hello counts attempts and names the memory of the last welcome") {
  Greeting greeting("key", 4096);
  CHECK(greeting.hello("t") == R"({"op":"hello","v":1,"session":"key","attempt":1,"maxMessage":4096,"token":"t"})");
  Welcome welcome{.resumed = true, .memory = "m"};
  greeting.welcomed(kStart, welcome);
  CHECK_FALSE(welcome.resumed);  // The client named none.
  CHECK(greeting.hello(std::nullopt) ==
        R"({"op":"hello","v":1,"session":"key","attempt":2,"maxMessage":4096,"memory":"m"})");
  welcome = {.resumed = true, .memory = "m"};
  greeting.welcomed(kStart, welcome);
  CHECK(welcome.resumed);
  welcome = {.resumed = true, .memory = "other"};
  greeting.welcomed(kStart, welcome);
  CHECK_FALSE(welcome.resumed);
}

TEST_CASE("greeting: each token has an answer, until the connection ends") {
  HeadQueue heads;
  Greeting greeting("key", 4096);
  greeting.authenticate("a", heads);
  greeting.authenticate("b", heads);
  CHECK(heads.front() == R"({"op":"auth","id":1,"token":"a"})");
  CHECK(greeting.answered(1));
  CHECK_FALSE(greeting.answered(1));
  greeting.ended();
  CHECK_FALSE(greeting.answered(2));
}

TEST_CASE("greeting: a refusal is known until the next hello") {
  Greeting greeting("key", 4096);
  greeting.refused({.code = "token-expired"});
  REQUIRE(greeting.refusal());
  CHECK(greeting.refusal()->code == "token-expired");
  (void)greeting.hello(std::nullopt);
  CHECK_FALSE(greeting.refusal());
}

TEST_CASE("greeting: goaway is obeyed five seconds after welcome at the earliest") {
  Random random(1);
  Greeting greeting("key", 4096);
  Welcome welcome;
  greeting.welcomed(kStart, welcome);
  GoAway early{.after = 1s, .url = "wss://b.example/"};
  greeting.goAway(kStart, early, random);
  CHECK(greeting.leaveAt() == kStart + 5s);
  CHECK(greeting.takeLeaveTo() == "wss://b.example/");
  CHECK_FALSE(greeting.takeLeaveTo());
  GoAway late{.after = 9s};
  greeting.goAway(kStart, late, random);
  CHECK(greeting.leaveAt() == kStart + 9s);
}

TEST_CASE("server clock: it is read half way through the quickest round trip, which counts less as time passes") {
  ServerClock clock;
  CHECK_FALSE(clock.offset());
  clock.opened(kStart);
  clock.welcomed(kStart + 100ms, 1'000'000);
  CHECK(clock.offset() == serverLess(1'000'000ms, kStart + 50ms));

  clock.probed(kStart + 1s, 7);
  clock.answered(kStart + 1s + 20ms, 6, 9'000'000);  // Of an older probe.
  CHECK(clock.offset() == serverLess(1'000'000ms, kStart + 50ms));
  clock.answered(kStart + 1s + 20ms, 7, 2'000'000);
  CHECK(clock.offset() == serverLess(2'000'000ms, kStart + 1s + 10ms));

  std::uint64_t slower = 0;
  for (std::uint64_t t = 8; clock.offset() == serverLess(2'000'000ms, kStart + 1s + 10ms); ++t, ++slower) {
    clock.probed(kStart + 2s, t);
    clock.answered(kStart + 2s + 40ms, t, 3'000'000);
  }
  CHECK(slower == 6);
  CHECK(clock.offset() == serverLess(3'000'000ms, kStart + 2s + 20ms));
}

TEST_CASE("batch delay: the first message begins it, and its end wakes the driver once") {
  BatchDelay delay(5ms);
  CHECK_FALSE(delay.deadline());
  CHECK(delay.holds(kStart));
  CHECK(delay.holds(kStart + 4ms));
  CHECK(delay.deadline() == kStart + 5ms);
  delay.tick(kStart + 5ms);
  CHECK_FALSE(delay.deadline());
  CHECK_FALSE(delay.holds(kStart + 6ms));
  delay.stop();
  CHECK(delay.holds(kStart + 7ms));
  CHECK(delay.deadline() == kStart + 12ms);
}

}  // namespace tidewire::core::protocol
