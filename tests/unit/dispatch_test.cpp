#include "core/dispatch.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

namespace tidewire::core {

TEST_CASE("dispatch: the visitor is called once, with what the variant holds, even if it then holds something else") {
  using Value = std::variant<int, std::string, double>;
  std::vector<std::string> seen;
  for (Value value : {Value(1), Value("text"), Value(2.5)}) {
    dispatch(value, [&](auto& held) {
      seen.push_back(std::string(typeid(held).name()) + std::to_string(value.index()));
      value = value.index() == 0 ? Value("other") : Value(0.5);
    });
  }
  const std::vector<std::string> expected = {typeid(int).name() + std::string("0"),
                                             typeid(std::string).name() + std::string("1"),
                                             typeid(double).name() + std::string("2")};
  CHECK(seen == expected);
}

}  // namespace tidewire::core
