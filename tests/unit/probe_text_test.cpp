#include "core/probe_text.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace tidewire::core {

TEST_CASE("probe text: a text without a place is the same for every probe") {
  const ProbeText text("ping");
  CHECK_FALSE(text.isNumbered());
  CHECK(text.with(7) == "ping");
  CHECK(text.longestBytes() == 4);
  CHECK_FALSE(ProbeText("{ n } {} {m} n").isNumbered());
}

TEST_CASE("probe text: the number stands in the place, wherever that is, and is read back") {
  for (const std::string pattern : {"{n}", "ping {n}", "{n} ping", R"({"op":"ping","id":{n}})", "1{n}1"}) {
    CAPTURE(pattern);
    const ProbeText text(pattern);
    CHECK(text.isNumbered());
    for (const std::uint64_t number :
         {std::uint64_t{0}, std::uint64_t{7}, std::uint64_t{10}, (std::uint64_t{1} << 53)}) {
      const std::string made = text.with(number);
      CHECK(made.size() <= text.longestBytes());
      CHECK(text.numberIn(made) == number);
      CHECK(made.find("{n}") == std::string::npos);
    }
    CHECK(text.with(std::numeric_limits<std::uint64_t>::max()).size() <= text.longestBytes());
  }
}

TEST_CASE("probe text: a number in any other form is not recognised") {
  const ProbeText text("<{n}>");
  for (const std::string other : {"",
                                  "<",
                                  ">",
                                  "<>",
                                  "<>>",
                                  "<<1>",
                                  "<1>>",
                                  " <1>",
                                  "<1> ",
                                  "<01>",
                                  "<00>",
                                  "<+1>",
                                  "<-1>",
                                  "<1.0>",
                                  "<1e3>",
                                  "<0x1>",
                                  "< 1>",
                                  "<{n}>",
                                  "<99999999999999999999>",
                                  "<10000000000000000000000000000>"}) {
    CAPTURE(other);
    CHECK(text.numberIn(other) == std::nullopt);
  }
  CHECK(ProbeText("aa{n}aa").numberIn("aaa") == std::nullopt);
}

}  // namespace tidewire::core
