#include "core/id_table.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <random>
#include <utility>
#include <vector>

namespace tidewire::core {
namespace {

using Pairs = std::vector<std::pair<std::uint64_t, int>>;

Pairs contentOf(IdTable<int>& table) {
  Pairs all;
  table.each([&all](std::uint64_t id, int value) { all.emplace_back(id, value); });
  return all;
}

}  // namespace

TEST_CASE("id table: it holds what a map would hold, in the same order") {
  std::mt19937_64 random(7);
  IdTable<int> table;
  std::map<std::uint64_t, int> expected;
  std::uint64_t last = 0;
  for (int step = 0; step < 20'000; ++step) {
    const bool grows = (step / 1'000) % 2 == 0;  // Fills and drains by turns.
    if (random() % 100 < (grows ? 60u : 40u)) {
      last += 1 + random() % 3;
      table.add(last, step);
      expected.emplace(last, step);
    } else if (last > 0) {
      const std::uint64_t id = random() % 3 == 0 && !expected.empty() ? expected.begin()->first : random() % (last + 2);
      REQUIRE(table.erase(id) == (expected.erase(id) == 1));
    }
    REQUIRE(table.size() == expected.size());
    REQUIRE(table.empty() == expected.empty());
    if (!expected.empty()) {
      REQUIRE(table.firstId() == expected.begin()->first);
      REQUIRE(table.lastId() == expected.rbegin()->first);
    }
    const std::uint64_t id = random() % (last + 2);
    const auto at = expected.find(id);
    const int* const found = table.find(id);
    REQUIRE((found == nullptr ? -1 : *found) == (at == expected.end() ? -1 : at->second));
    const auto following = expected.lower_bound(id);
    const auto* const from = table.from(id);
    REQUIRE((from == nullptr ? 0 : from->id) == (following == expected.end() ? 0 : following->first));
    if (step % 500 == 0) {
      REQUIRE(contentOf(table) == Pairs(expected.begin(), expected.end()));
    }
  }
}

TEST_CASE("id table: a visit may erase what it visits, and anything else") {
  IdTable<int> table;
  for (std::uint64_t id = 1; id <= 100; ++id) {
    table.add(id, 0);
  }
  std::vector<std::uint64_t> visited;
  table.each([&](std::uint64_t id, int) {
    visited.push_back(id);
    table.erase(id);
    table.erase(id + 1);
    table.erase(100);
  });
  CHECK(visited.size() == 50);
  CHECK(table.empty());
}

TEST_CASE("id table: an erased value is destroyed at once") {
  IdTable<std::shared_ptr<int>> table;
  const auto shared = std::make_shared<int>(1);
  table.add(1, std::make_shared<int>(0));
  table.add(2, shared);
  table.add(3, std::make_shared<int>(0));
  CHECK(shared.use_count() == 2);
  table.erase(2);
  CHECK(shared.use_count() == 1);
}

}  // namespace tidewire::core
