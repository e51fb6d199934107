#include "core/id_table.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <random>
#include <utility>
#include <vector>

namespace tidewire::core {
namespace {

struct Named {
  std::uint64_t id = 0;
  int value = 0;
};

using Pairs = std::vector<std::pair<std::uint64_t, int>>;

Pairs contentOf(IdTable<Named>& table) {
  Pairs all;
  table.each([&all](const Named& each) { all.emplace_back(each.id, each.value); });
  return all;
}

}  // namespace

TEST_CASE("id table: it holds what a map would hold, in the same order") {
  std::mt19937_64 random(7);
  IdTable<Named> table;
  IdMap<Named> index;
  std::map<std::uint64_t, int> expected;
  std::uint64_t last = 0;
  for (int step = 0; step < 20'000; ++step) {
    const bool grows = (step / 1'000) % 2 == 0;  // Fills and drains by turns.
    if (random() % 100 < (grows ? 60u : 40u)) {
      last += 1 + random() % 3;
      index.add(last, table.add(last, last, step));
      expected.emplace(last, step);
    } else if (last > 0) {
      const std::uint64_t id = random() % 3 == 0 && !expected.empty() ? expected.begin()->first : random() % (last + 2);
      const bool isThere = expected.erase(id) == 1;
      REQUIRE(index.erase(id) == isThere);
      REQUIRE(table.erase(id) == isThere);
    }
    REQUIRE(table.size() == expected.size());
    REQUIRE(table.empty() == expected.empty());
    REQUIRE(index.empty() == expected.empty());
    if (!expected.empty()) {
      REQUIRE(table.firstId() == expected.begin()->first);
      REQUIRE(index.firstId() == expected.begin()->first);
      REQUIRE(table.lastId() == expected.rbegin()->first);
    }
    const std::uint64_t id = random() % (last + 2);
    const auto at = expected.find(id);
    const Named* const found = table.find(id);
    REQUIRE(index.find(id) == found);
    REQUIRE((found == nullptr ? -1 : found->value) == (at == expected.end() ? -1 : at->second));
    const auto following = expected.lower_bound(id);
    const Named* const from = table.from(id);
    REQUIRE((from == nullptr ? 0 : from->id) == (following == expected.end() ? 0 : following->first));
    if (step % 500 == 0) {
      REQUIRE(contentOf(table) == Pairs(expected.begin(), expected.end()));
    }
  }
}

TEST_CASE("id table: a visit may erase what it visits, and anything else") {
  IdTable<Named> table;
  for (std::uint64_t id = 1; id <= 100; ++id) {
    table.add(id, id);
  }
  std::vector<std::uint64_t> visited;
  table.each([&](const Named& each) {
    const std::uint64_t id = each.id;
    visited.push_back(id);
    table.erase(id);
    table.erase(id + 1);
    table.erase(100);
  });
  CHECK(visited.size() == 50);
  CHECK(table.empty());
}

TEST_CASE("id table: a value stays where it is until it is erased, and is destroyed at once then") {
  const auto shared = std::make_shared<int>(1);
  {
    IdTable<std::shared_ptr<int>> table;
    const auto* const first = &table.add(1, shared);
    for (std::uint64_t id = 2; id < 1'000; ++id) {
      table.add(id, shared);
    }
    CHECK(table.find(1) == first);
    CHECK(shared.use_count() == 1'000);
    table.erase(2);
    CHECK(shared.use_count() == 999);
  }
  CHECK(shared.use_count() == 1);
}

}  // namespace tidewire::core
