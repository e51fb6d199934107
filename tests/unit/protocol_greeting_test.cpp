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

constexpr Time kGreetingStart{1h};

Duration serverLess(Duration server, Time here) {
  return server - here.time_since_epoch();
}

}  // namespace

TEST_CASE("greeting: hello counts attempts and names the memory of the last welcome") {
  Greeting greeting("key", 4096);
  CHECK(greeting.hello("t") == R"({"op":"hello","v":1,"session":"key","attempt":1,"maxMessage":4096,"token":"t"})");
  Welcome welcome{.resumed = true, .memory = "m"};
  greeting.welcomed(kGreetingStart, welcome);
  CHECK_FALSE(welcome.resumed);  // The client named none.
  CHECK(greeting.hello(std::nullopt) ==
        R"({"op":"hello","v":1,"session":"key","attempt":2,"maxMessage":4096,"memory":"m"})");
  welcome = {.resumed = true, .memory = "m"};
  greeting.welcomed(kGreetingStart, welcome);
  CHECK(welcome.resumed);
  welcome = {.resumed = true, .memory = "other"};
  greeting.welcomed(kGreetingStart, welcome);
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
  greeting.welcomed(kGreetingStart, welcome);
  GoAway early{.after = 1s, .url = "wss://b.example/"};
  greeting.goAway(kGreetingStart, early, random);
  CHECK(greeting.leaveAt() == kGreetingStart + 5s);
  CHECK(greeting.takeLeaveTo() == "wss://b.example/");
  CHECK_FALSE(greeting.takeLeaveTo());
  GoAway late{.after = 9s};
  greeting.goAway(kGreetingStart, late, random);
  CHECK(greeting.leaveAt() == kGreetingStart + 9s);
}

TEST_CASE("server clock: it is read half way through the quickest round trip, which counts less as time passes") {
  ServerClock clock;
  CHECK_FALSE(clock.offset());
  clock.opened(kGreetingStart);
  clock.welcomed(kGreetingStart + 100ms, 1'000'000);
  CHECK(clock.offset() == serverLess(1'000'000ms, kGreetingStart + 50ms));

  clock.probed(kGreetingStart + 1s, 7);
  clock.answered(kGreetingStart + 1s + 20ms, 6, 9'000'000);  // Of an older probe.
  CHECK(clock.offset() == serverLess(1'000'000ms, kGreetingStart + 50ms));
  clock.answered(kGreetingStart + 1s + 20ms, 7, 2'000'000);
  CHECK(clock.offset() == serverLess(2'000'000ms, kGreetingStart + 1s + 10ms));

  std::uint64_t slower = 0;
  for (std::uint64_t t = 8; clock.offset() == serverLess(2'000'000ms, kGreetingStart + 1s + 10ms); ++t, ++slower) {
    clock.probed(kGreetingStart + 2s, t);
    clock.answered(kGreetingStart + 2s + 40ms, t, 3'000'000);
  }
  CHECK(slower == 6);
  CHECK(clock.offset() == serverLess(3'000'000ms, kGreetingStart + 2s + 20ms));
}

TEST_CASE("batch delay: the first message begins it, and its end wakes the driver once") {
  BatchDelay delay(5ms);
  CHECK_FALSE(delay.deadline());
  CHECK(delay.holds(kGreetingStart));
  CHECK(delay.holds(kGreetingStart + 4ms));
  CHECK(delay.deadline() == kGreetingStart + 5ms);
  delay.tick(kGreetingStart + 5ms);
  CHECK_FALSE(delay.deadline());
  CHECK_FALSE(delay.holds(kGreetingStart + 6ms));
  delay.stop();
  CHECK(delay.holds(kGreetingStart + 7ms));
  CHECK(delay.deadline() == kGreetingStart + 12ms);
}

}  // namespace tidewire::core::protocol
