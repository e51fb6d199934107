#include "core/protocol/name_table.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <random>
#include <string>

namespace tidewire::core::protocol {

TEST_CASE("name table: it holds what a map would hold, through growth and every erasure") {
  std::mt19937_64 random(5);
  std::map<std::string, std::unique_ptr<int>> expected;
  NameTable<int> table;
  CHECK(table.find("") == nullptr);
  table.erase("nothing");
  for (int step = 0; step < 20'000; ++step) {
    const std::string name = "channel/" + std::to_string(random() % 700);
    const auto at = expected.find(name);
    REQUIRE(table.find(name) == (at == expected.end() ? nullptr : at->second.get()));
    if (at == expected.end()) {
      const auto made = expected.emplace(name, std::make_unique<int>(step)).first;
      table.add(made->first, made->second.get());
    } else {
      table.erase(name);
      expected.erase(at);
    }
    if (step % 1'000 == 0) {
      for (const auto& [each, object] : expected) {
        REQUIRE(table.find(each) == object.get());
      }
    }
  }
}

}  // namespace tidewire::core::protocol
