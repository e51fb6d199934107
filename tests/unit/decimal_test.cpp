#include "core/decimal.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

namespace tidewire::core {

TEST_CASE("decimal: a number has its digits, from zero to the greatest") {
  CHECK(decimal(0) == "0");
  CHECK(decimal(9) == "9");
  CHECK(decimal(10) == "10");
  CHECK(decimal(1'020'300) == "1020300");
  CHECK(decimal(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
}

}  // namespace tidewire::core
