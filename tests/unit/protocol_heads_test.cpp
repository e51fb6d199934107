#include <doctest/doctest.h>

#include <string>
#include <variant>

#include "core/bytes.hpp"
#include "core/protocol/head_reader.hpp"
#include "core/protocol/heads.hpp"

namespace tidewire::core::protocol {
namespace {

ServerHead read(std::string_view head) {
  return readServerHead(asBytes(head));
}

std::string faultOf(std::string_view head) {
  const ServerHead read = protocol::read(head);
  const Malformed* malformed = std::get_if<Malformed>(&read);
  return malformed == nullptr ? "" : malformed->why;
}

TEST_CASE("heads: a client writes the heads of the specification") {
  CHECK(write(Hello{.session = "jXs2FWy5vTzRy3NC1nVYQw", .token = "t"}) ==
        R"({"op":"hello","v":1,"session":"jXs2FWy5vTzRy3NC1nVYQw","attempt":1,"token":"t"})");
  CHECK(write(Hello{.session = "k", .attempt = 2}) == R"({"op":"hello","v":1,"session":"k","attempt":2})");
  CHECK(write(Hello{.session = "k", .maxMessage = 65'536}) ==
        R"({"op":"hello","v":1,"session":"k","attempt":1,"maxMessage":65536})");
  CHECK(write(Subscribe{.id = 1, .channel = "ticker/AAPL", .since = Position{.epoch = "e7", .seq = 41}}) ==
        R"({"op":"subscribe","id":1,"channel":"ticker/AAPL","since":{"epoch":"e7","seq":41}})");
  CHECK(write(Subscribe{.id = 1, .channel = "c", .last = 3, .conflate = true}) ==
        R"({"op":"subscribe","id":1,"channel":"c","last":3,"conflate":true})");
  CHECK(write(Unsubscribe{.id = 4, .channel = "c"}) == R"({"op":"unsubscribe","id":4,"channel":"c"})");
  CHECK(write(Publish{.id = 2, .channel = "chat/lobby"}) == R"({"op":"publish","id":2,"channel":"chat/lobby"})");
  CHECK(write(Publish{.channel = "c", .type = BodyType::Bytes}) == R"({"op":"publish","channel":"c","type":"bytes"})");
  CHECK(write(Request{.id = kMaxInteger, .method = "quote"}) ==
        R"({"op":"request","id":9007199254740991,"method":"quote"})");
  CHECK(write(Cancel{.id = 3}) == R"({"op":"cancel","id":3})");
  CHECK(write(Ping{.t = 17}) == R"({"op":"ping","t":17})");
  CHECK(write(Auth{.id = 5, .token = "..."}) == R"({"op":"auth","id":5,"token":"..."})");
}

TEST_CASE("heads: text is escaped, so that neither a newline nor a separator is ever in a head") {
  const std::string head = write(Auth{.id = 1, .token = "a\n\x1E\"\\"});
  CHECK(head == R"({"op":"auth","id":1,"token":"a\n\u001e\"\\"})");
}

TEST_CASE("heads: a malformed one has a text that names the fault") {
  CHECK(faultOf("[]") == "the head is not one JSON object within its limits");
  CHECK(faultOf("{}") == "op is missing");
  CHECK(faultOf(R"({"op":7})") == "op has the wrong type");
  CHECK(faultOf(R"({"op":"ack"})") == "ack: id is missing");
  CHECK(faultOf(R"({"op":"ack","id":1.5})") == "ack: id is not an integer from 0 to 2^53 - 1");
  CHECK(faultOf(R"({"op":"event","channel":"","seq":1})") == "event: channel is no channel");
  CHECK(faultOf(R"({"op":"event","channel":"c","seq":0})") == "event: seq is 0");
  CHECK(faultOf(R"({"op":"welcome","v":1,"resumed":false,"now":1,"dedup":{"count":1}})") ==
        "welcome: dedup.ms is missing");
}

TEST_CASE("heads: a field of an unknown name is passed over, unless it makes the head nest more than 64 levels") {
  const auto nested = [](std::size_t levels) {
    return R"({"op":"ack","x":)" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + R"(,"id":1})";
  };
  CHECK(std::holds_alternative<Ack>(read(nested(kMaxHeadDepth))));
  CHECK(faultOf(nested(kMaxHeadDepth + 1)) == "the head is not one JSON object within its limits");
  CHECK(!faultOf(R"({"op":"ack","id":1,"x":)" + std::string(8'000, '[') + "}").empty());
}

TEST_CASE("heads: an id of 0 is malformed, and so are requests of 0") {
  for (const std::string_view head :
       {R"({"op":"ack","id":0})", R"({"op":"reply","id":0})", R"({"op":"error","id":0,"code":"x"})",
        R"({"op":"unsubscribed","id":0,"channel":"c"})",
        R"({"op":"subscribed","id":0,"epoch":"e","seq":0,"recovered":true})"}) {
    CHECK(faultOf(head).ends_with(": id is 0"));
  }
  CHECK(faultOf(R"({"op":"welcome","v":1,"resumed":false,"now":1,"requests":0})") == "welcome: requests is 0");
}

TEST_CASE("heads: fields of dedup count only within it, and of repeated ones the last") {
  const ServerHead head = read(R"({"op":"welcome","v":1,"resumed":true,"now":5,"count":1,"ms":2,"dedup.ms":3,)"
                               R"("dedup":{"count":1,"ms":1},"dedup":{"count":9,"x":{"ms":7},"ms":8}})");
  const Welcome* welcome = std::get_if<Welcome>(&head);
  REQUIRE(welcome != nullptr);
  REQUIRE(welcome->dedup);
  CHECK(welcome->dedup->count == 9);
  CHECK(welcome->dedup->age == std::chrono::milliseconds(8));
}

}  // namespace
}  // namespace tidewire::core::protocol
