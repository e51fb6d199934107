// What every implementation of "tidewire.v1" runs: tests/vectors, described in docs/protocol.md, section 10.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "contract_test.hpp"
#include "core/bytes.hpp"
#include "core/protocol/framing.hpp"
#include "core/protocol/head_reader.hpp"
#include "core/utf8.hpp"
#include "message_access.hpp"
#include "platform/server_messages.hpp"
#include "support/head_vector.hpp"
#include "vectors.hpp"

namespace {

using namespace tidewire;
using namespace tidewire::core::protocol;
using core::asBytes;

using Json = nlohmann::json;

/// A page has no files, so the vectors are a part of the program.
template <std::size_t size>
Json casesOf(const unsigned char (&file)[size]) {
  Json cases = Json::parse(std::string_view(reinterpret_cast<const char*>(file), size), nullptr, false);
  REQUIRE(cases.is_array());
  return cases;
}

std::string bytesOfHex(const std::string& hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16)));
  }
  return bytes;
}

std::string bytesOf(const Json& value) {
  if (value.is_string()) {
    return value.get<std::string>();
  }
  std::string bytes;
  if (value.is_array()) {
    for (const Json& piece : value) {
      bytes += bytesOf(piece);
    }
  } else if (value.contains("hex")) {
    bytes = bytesOfHex(value["hex"]);
  } else {
    for (std::size_t left = value.at("times"); left > 0; --left) {
      bytes += bytesOf(value.at("repeat"));
    }
  }
  return bytes;
}

MessageKind kindOf(const Json& each) {
  return each.at("kind") == "text" ? MessageKind::Text : MessageKind::Binary;
}

Json expected(const Json& each) {
  if (each.value("malformed", false)) {
    return "malformed";
  }
  if (each.value("unknown", false)) {
    return "unknown";
  }
  Json value = each.at("value");
  if (value.value("message", "?").empty()) {
    value.erase("message");
  }
  return value;
}

Json asVector(const ServerHead& head) {
  return std::visit(AsVector{}, head);
}

/// One message, as the platform reads it.
struct Read {
  Json head;
  std::optional<std::string> body = {};
  bool brokenFraming = false;
};

std::vector<Read> readAll(MessageKind kind, const std::string& payload) {
  const Message message = contract::world().arrived(kind, payload);
  internal::ServerMessages messages(message);
  std::vector<Read> all;
  while (const std::optional<ServerMessage> next = messages.next()) {
    const auto* malformed = std::get_if<Malformed>(&next->head);
    all.push_back(
        {.head = asVector(next->head), .brokenFraming = malformed != nullptr && malformed->why == brokenFraming().why});
    if (next->body) {
      all.back().body = internal::MessageAccess::over(MessageKind::Text, *next->body).text();
    }
  }
  return all;
}

/// What a message of a framing vector should be read as.
Read expectedOf(const Json& message) {
  ServerHead head = readServerHead(asBytes(bytesOf(message.at("head"))));
  Read read;
  if (message.contains("body")) {
    read.body = bytesOf(message["body"]);
    if (carriesText(head) && !core::isValidUtf8(asBytes(*read.body))) {
      head = brokenText();
    }
  }
  read.head = asVector(head);
  return read;
}

/// In binary framing, which carries any bytes.
std::string framed(const std::string& head) {
  std::string length;
  std::size_t rest = head.size();
  for (; rest >= 0x80; rest >>= 7) {
    length.push_back(static_cast<char>((rest & 0x7F) | 0x80));
  }
  length.push_back(static_cast<char>(rest));
  return length + head;
}

}  // namespace

CONTRACT_TEST("vectors: every WebSocket message comes apart as the vectors say") {
  std::size_t cases = 0;
  for (const Json& each : casesOf(kFramingVectors)) {
    CAPTURE(each.at("name").get<std::string>());
    const std::vector<Read> read = readAll(kindOf(each), bytesOf(each.at("payload")));
    const Json messages = each.value("messages", Json::array());
    for (std::size_t at = 0; at < messages.size(); ++at) {
      REQUIRE(at < read.size());
      const Read expected = expectedOf(messages[at]);
      CHECK(read[at].head == expected.head);
      CHECK((expected.head == "malformed" || read[at].body == expected.body));
    }
    const bool malformed = each.value("malformed", false);
    CHECK((malformed || read.size() == messages.size()));
    CHECK((!read.empty() && read.back().brokenFraming) == malformed);
    ++cases;
  }
  CHECK(cases > 30);
}

CONTRACT_TEST("vectors: joining the messages of a text case gives its WebSocket message") {
  for (const Json& each : casesOf(kFramingVectors)) {
    if (each.value("malformed", false) || each.value("readOnly", false) || kindOf(each) != MessageKind::Text) {
      continue;
    }
    CAPTURE(each.at("name").get<std::string>());
    Framer framer(65'536);
    for (const Json& message : each.at("messages")) {
      const std::string head = bytesOf(message.at("head"));
      const std::string body = message.contains("body") ? bytesOf(message.at("body")) : "";
      framer.add(head, message.contains("body") ? std::optional(asBytes(body)) : std::nullopt);
    }
    const std::vector<Framer::Batch> batches = framer.take();
    REQUIRE(batches.size() == 1);
    CHECK(batches[0].kind == MessageKind::Text);
    CHECK(batches[0].payload == bytesOf(each.at("payload")));
  }
}

CONTRACT_TEST("vectors: every head that a server sends is read as the vectors say") {
  std::size_t cases = 0;
  for (const Json& each : casesOf(kHeadsVectors)) {
    if (each.at("to") != "client") {
      continue;
    }
    CAPTURE(each.at("name").get<std::string>());
    const std::string head = bytesOf(each.at("head"));
    CHECK(asVector(readServerHead(asBytes(head))) == expected(each));
    if (head.find('\n') == std::string::npos) {  // That would be its end.
      const std::vector<Read> read = readAll(MessageKind::Binary, framed(head));
      REQUIRE(read.size() == 1);
      CHECK(read[0].head == expected(each));
    }
    ++cases;
  }
  CHECK(cases > 50);
}
