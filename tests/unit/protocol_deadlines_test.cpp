#include "core/protocol/deadlines.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace tidewire::core::protocol {

TEST_CASE("deadlines: the first is due first, whichever were added and taken out before") {
  std::mt19937_64 random(3);
  std::vector<Deadline> all(300);
  Deadlines deadlines;
  std::set<std::pair<Time, std::uint64_t>> expected;
  for (std::size_t at = 0; at < all.size(); ++at) {
    all[at].id = at;
    deadlines.erase(all[at]);  // It is in none yet.
  }
  for (int step = 0; step < 20'000; ++step) {
    Deadline& each = all[random() % all.size()];
    if (each.place) {
      expected.erase({each.at, each.id});
      deadlines.erase(each);
    } else {
      const Time at{std::chrono::milliseconds(random() % 100)};
      deadlines.add(each, at);
      expected.emplace(at, each.id);
    }
    REQUIRE(deadlines.first().has_value() == !expected.empty());
    if (!expected.empty()) {
      const auto [at, id] = *expected.begin();
      REQUIRE(deadlines.first() == at);
      REQUIRE(deadlines.due(at) == &all[id]);
      REQUIRE(deadlines.due(at - std::chrono::nanoseconds(1)) == nullptr);
    }
  }
}

}  // namespace tidewire::core::protocol
