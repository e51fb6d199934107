#include "plain_head.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/bytes.hpp"

namespace tidewire::native {
namespace {

using core::protocol::BodyType;
using core::protocol::EventHead;

std::optional<EventHead> read(std::string_view text) {
  EventHead event;
  return readPlainEvent(text, event) ? std::optional(std::move(event)) : std::nullopt;
}

/// Whether both readers read an event, and the same one.
bool agree(std::string_view text) {
  const std::optional<EventHead> plain = read(text);
  const core::protocol::ServerHead head = readJsonHead(core::asBytes(text));
  const auto* json = std::get_if<EventHead>(&head);
  return plain && json != nullptr && plain->channel == json->channel && plain->seq == json->seq &&
         plain->ts == json->ts && plain->skipped == json->skipped && plain->type == json->type;
}

TEST_CASE("plain head: an event as servers write it is read like the JSON reader does") {
  CHECK(agree(R"({"op":"event","channel":"c","seq":1})"));
  CHECK(agree(R"({"op":"event","channel":"ticker/AAPL","seq":999999999999999,"ts":1700000000000})"));
  CHECK(agree(R"({"seq":7,"skipped":0,"type":"bytes","channel":"c","ts":0,"op":"event"})"));
  CHECK(agree(R"({"op":"event","channel":"c","seq":7,"skipped":3,"type":"text"})"));
  CHECK(agree("{\"op\":\"event\",\"channel\":\"\xC3\xA4\",\"seq\":1}"));
  CHECK(agree(R"({"op":"event","seq":7,"channel":")" + std::string(255, 'c') + R"("})"));
  const std::optional<EventHead> head = read(R"({"op":"event","channel":"a b","seq":12,"type":"bytes"})");
  REQUIRE(head);
  CHECK(head->channel == "a b");
  CHECK(head->seq == 12);
  CHECK(head->type == BodyType::Bytes);
}

TEST_CASE("plain head: a channel's name may have any length, and what names may not have is left to the JSON reader") {
  const auto eventOf = [](const std::string& channel) {
    return R"({"op":"event","channel":")" + channel + R"(","seq":1})";
  };
  for (std::size_t length = 1; length < 130; ++length) {
    CHECK(agree(eventOf(std::string(length, 'c'))));
    CHECK(agree(eventOf(std::string(length, 'c') + "\xC3\xA4")));
    for (const char wrong : {'\\', '\x1F', '\x7F', '\xC3'}) {
      CHECK_FALSE(read(eventOf(std::string(length, 'c') + wrong)));
      CHECK_FALSE(read(eventOf(std::string(length, 'c') + wrong + "more")));
    }
    CHECK_FALSE(read(R"({"op":"event","channel":")" + std::string(length, 'c')));
  }
}

TEST_CASE("plain head: what is unusual or malformed is left to the JSON reader") {
  for (const std::string_view text : {
           R"()",
           R"({)",
           R"({})",
           R"({"op":"ack","id":1})",
           R"({"op":"event","channel":"c"})",
           R"({"op":"event","seq":1})",
           R"({"channel":"c","seq":1})",
           R"({"op":"event","channel":"","seq":1})",
           R"({"op":"event","channel":"c","op":"event","seq":1})",
           R"({"op":"event","channel":"c","channel":"d","seq":1})",
           R"({"op":"event","channel":c,"seq":1})",
           R"({"op":"event","channel":"c)",
           R"({"op":"event","channel":"c","seq":0})",
           R"({"op":"event","channel":"c","seq":01})",
           R"({"op":"event","channel":"c","seq":-1})",
           R"({"op":"event","channel":"c","seq":1.0})",
           R"({"op":"event","channel":"c","seq":1e3})",
           R"({"op":"event","channel":"c","seq":})",
           R"({"op":"event","channel":"c","seq":"1"})",
           R"({"op":"event","channel":"c","seq":1000000000000000})",
           R"({"op":"event","channel":"c","seq":1,"seq":2})",
           R"({"op":"event","channel":"c","seq":1,"ts":null})",
           R"({"op":"event","channel":"c","seq":1,"type":"json"})",
           R"({"op":"event","channel":"c","seq":1,"other":1})",
           R"({"op":"event","channel":"c","seq":1,})",
           R"({"op":"event","channel":"c","seq":1}})",
           R"({"op":"event","channel":"c","seq":1} )",
           R"({"op":"event","channel":"c","seq":1)",
           R"({"op":"event","channel":"c","seq": 1})",
           R"(,"op":"event","channel":"c","seq":1})",
           R"({"op":"event","channel":"a\u0062","seq":1})",
           R"({"op":"event","channel":"a\"","seq":1})",
           R"({"op":"event","channel":"a,"seq":1})",
           R"({"op":"eve\u006Et","channel":"c","seq":1})",
           "{\"op\":\"event\",\"channel\":\"\xC3\",\"seq\":1}",
           "{\"op\":\"event\",\"channel\":\"\xED\xA0\x80\",\"seq\":1}",
           "{\"op\":\"event\",\"channel\":\"\x7F\",\"seq\":1}",
           "{\"op\":\"event\",\"channel\":\"\x1F\",\"seq\":1}",
       }) {
    CAPTURE(text);
    CHECK_FALSE(read(text));
  }
  CHECK_FALSE(read(R"({"op":"event","seq":7,"channel":")" + std::string(256, 'c') + R"("})"));
}

}  // namespace
}  // namespace tidewire::native
