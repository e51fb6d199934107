#include "core/one_line.hpp"

#include <doctest/doctest.h>

#include "core/ending_texts.hpp"

namespace tidewire::core {
namespace {

using namespace std::chrono_literals;

TEST_CASE(
    "one line: characters that could end the line or hide text are escaped, and a limit cuts between characters") {
  CHECK(oneLine("a b\r\n\x7F\"") == "a b\\r\\n\\x7f\"");
  CHECK(oneLine("gr\xC3\xBC\xC3\x9F") == "gr\xC3\xBC\xC3\x9F");
  CHECK(oneLine("\xC3(\xE2\x80\xAE") == "\\xc3(\\xe2\\x80\\xae");
  CHECK(oneLine(std::string(300, 'x'), 200) == std::string(200, 'x'));
  CHECK(oneLine(std::string(199, 'x') + "\nyy", 200) == std::string(199, 'x'));
  CHECK(oneLine(std::string(199, 'x') + "\xC3\xBC", 200) == std::string(199, 'x'));
  CHECK(oneLine("\n", 0).empty());
}

TEST_CASE("ending texts: a close code has its registered name and its reason, on one line") {
  CHECK(closeText(1001, "restart") == "1001 (going away), \"restart\"");
  CHECK(closeText(4001, "bye\n") == "4001, \"bye\\n\"");
  CHECK(closeText(1005, "") == "no code");
  CHECK(closeText(3000, "") == "3000 (unauthorized)");
  CHECK(closeText(1006, "") == "1006");
}

TEST_CASE("ending texts: a limit has its option and its value") {
  CHECK(limitText("connectTimeout", Duration(10s)) == "connectTimeout (10000 ms)");
  CHECK(limitText("maxMessageBytes", std::size_t{65'536}) == "maxMessageBytes (65536)");
}

}  // namespace
}  // namespace tidewire::core
