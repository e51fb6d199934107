#include "core/backoff.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace tidewire::core {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kSeeds = 2000;

std::vector<Duration> waits(Duration first, Duration longest, std::uint64_t seed, int count) {
  Random random(seed);
  Backoff backoff(first, longest);
  std::vector<Duration> result;
  for (int i = 0; i < count; ++i) {
    result.push_back(backoff.next(random));
  }
  return result;
}

}  // namespace

TEST_CASE("backoff: no wait is longer than the doubled delay, and none than the longest") {
  const std::vector<Duration> ceilings = {500ms, 1s, 2s, 4s, 8s, 16s, 20s, 20s, 20s, 20s};
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    CAPTURE(seed);
    const std::vector<Duration> all = waits(500ms, 20s, seed, static_cast<int>(ceilings.size()));
    for (std::size_t i = 0; i < ceilings.size(); ++i) {
      CAPTURE(i);
      CHECK(all[i] >= Duration::zero());
      CHECK(all[i] <= ceilings[i]);
    }
  }
}

TEST_CASE("backoff: waits spread over the whole range, the first one too") {
  for (const std::size_t index : {0u, 1u, 6u}) {
    CAPTURE(index);
    const Duration ceiling = std::min<Duration>(20s, 500ms * (1 << index));
    std::vector<int> quarters(4);
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      const Duration wait = waits(500ms, 20s, seed, 7)[index];
      ++quarters[static_cast<std::size_t>(std::min<Duration::rep>(3, 4 * wait.count() / ceiling.count()))];
    }
    // A fair quarter has 500; five standard deviations are below 100.
    for (const int quarter : quarters) {
      CHECK(quarter > 400);
      CHECK(quarter < 600);
    }
  }
}

TEST_CASE("backoff: the ceiling bounds the next delay") {
  Random random(1);
  Backoff backoff(500ms, 3s);
  std::vector<Duration> ceilings;
  for (int i = 0; i < 5; ++i) {
    ceilings.push_back(backoff.ceiling());
    CHECK(backoff.next(random) <= ceilings.back());
  }
  CHECK(ceilings == std::vector<Duration>{500ms, 1s, 2s, 3s, 3s});
}

TEST_CASE("backoff: a reset starts again with the first delay") {
  Random random(1);
  Backoff backoff(500ms, 20s);
  for (int i = 0; i < 10; ++i) {
    (void)backoff.next(random);
  }
  CHECK(backoff.ceiling() == 20s);
  backoff.reset();
  CHECK(backoff.ceiling() == 500ms);
}

TEST_CASE("backoff: the same seed gives the same waits, another seed others") {
  CHECK(waits(500ms, 20s, 7, 20) == waits(500ms, 20s, 7, 20));
  std::set<Duration> firsts;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    firsts.insert(waits(500ms, 20s, seed, 1).front());
  }
  CHECK(firsts.size() == kSeeds);
}

TEST_CASE("backoff: delays that make no sense are brought into range") {
  SUBCASE("a first delay above the longest") {
    CHECK(Backoff(1h, 1s).ceiling() == 1s);
  }
  SUBCASE("negative delays") {
    CHECK(waits(-1s, 20s, 3, 3) == std::vector<Duration>(3, 0s));
    CHECK(waits(1s, -1s, 3, 3) == std::vector<Duration>(3, 0s));
  }
  SUBCASE("a first delay of zero never waits") {
    CHECK(waits(0s, 20s, 3, 3) == std::vector<Duration>(3, 0s));
  }
  SUBCASE("the longest that a duration can hold does not overflow") {
    Random random(1);
    Backoff backoff(Duration::max() / 3, Duration::max());
    for (int i = 0; i < 4; ++i) {
      CHECK(backoff.next(random) >= Duration::zero());
      CHECK(backoff.ceiling() > Duration::zero());
    }
    CHECK(backoff.ceiling() == Duration::max());
  }
}

}  // namespace tidewire::core
