#include "tidewire/json.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.hpp"
#include "message_access.hpp"

namespace tidewire::internal::test {
namespace {

std::optional<nlohmann::json> read(std::string_view text) {
  const Message message = MessageAccess::view(MessageKind::Text, core::asBytes(text));
  return json(Body(&message));
}

TEST_CASE("json: a body that is JSON is read") {
  const auto price = read(R"({"price":170.57,"currency":"€"})");
  REQUIRE(price);
  CHECK((*price)["price"] == 170.57);
  CHECK((*price)["currency"] == "€");
  CHECK(read(" null ") == nlohmann::json(nullptr));
}

TEST_CASE("json: a body that is none answers nothing") {
  for (const std::string_view text : {"", "{", "{}{}", "'a'", "\xFF", "\"\xFF\"", "{\"a\":1e999}"}) {
    CAPTURE(text);
    CHECK(!read(text));
  }
  CHECK(!json(Body()));
  CHECK(!read(std::string(100'000, '[')));
}

TEST_CASE("json: any value has a text, and malformed UTF-8 in it is replaced") {
  CHECK(textOf({{"symbol", "AAPL"}}) == R"({"symbol":"AAPL"})");
  CHECK(textOf(std::string("a\xFF")) == "\"a\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace tidewire::internal::test
