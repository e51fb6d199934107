// A page and a native program must make the same of whatever a server sends. The page's reader, which is JavaScript,
// runs in Node beside this program.
//
// Input: a byte whose lowest bit says binary, then the payload.

#include <spawn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/bytes.hpp"
#include "core/protocol/framing.hpp"
#include "core/protocol/head_fields.hpp"
#include "core/protocol/head_reader.hpp"
#include "core/protocol/message_reader.hpp"
#include "core/utf8.hpp"
#include "support/head_vector.hpp"

namespace {

using namespace tidewire;
using namespace tidewire::core::protocol;
using Json = nlohmann::json;

void require(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
  }
}

/// One message, as one of the two read it.
struct Read {
  Json head;
  std::optional<std::string> body = {};
  bool mayOverlook = false;  ///< What makes it malformed.
};

std::string_view asText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Node, which reads as a page does. It ends with its input.
class Page {
 public:
  Page() {
    std::array<int, 2> toChild{};
    std::array<int, 2> fromChild{};
    require(pipe(toChild.data()) == 0 && pipe(fromChild.data()) == 0, "there are pipes");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, toChild[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fromChild[1], STDOUT_FILENO);
    for (const int other : {toChild[0], toChild[1], fromChild[0], fromChild[1]}) {
      posix_spawn_file_actions_addclose(&actions, other);
    }
    std::string limit = std::to_string(kMaxHeadBytes);
    std::array<char*, 4> arguments = {const_cast<char*>(TIDEWIRE_NODE), const_cast<char*>(TIDEWIRE_PAGE_READER),
                                      limit.data(), nullptr};
    pid_t child = 0;
    require(posix_spawn(&child, TIDEWIRE_NODE, &actions, nullptr, arguments.data(), environ) == 0, "Node starts");
    posix_spawn_file_actions_destroy(&actions);
    close(toChild[0]);
    close(fromChild[1]);
    to_ = fdopen(toChild[1], "wb");
    from_ = fdopen(fromChild[0], "rb");
  }

  std::vector<Read> read(MessageKind kind, std::string_view payload) {
    std::array<unsigned char, 5> start = {kind == MessageKind::Binary};
    for (std::size_t at = 0; at < 4; ++at) {
      start[at + 1] = static_cast<unsigned char>(payload.size() >> (8 * at));
    }
    std::fwrite(start.data(), 1, start.size(), to_);
    std::fwrite(payload.data(), 1, payload.size(), to_);
    std::fflush(to_);
    std::vector<Read> all;
    for (const Json& each : Json::parse(line())) {
      all.push_back(toRead(each));
    }
    return all;
  }

 private:
  std::string line() {
    std::string line;
    for (int c = std::getc(from_); c != '\n'; c = std::getc(from_)) {
      require(c != EOF, "Node goes on");
      line.push_back(static_cast<char>(c));
    }
    return line;
  }

  static Read toRead(const Json& message) {
    if (message.is_null() || !message.contains("fields")) {
      return {.head = "malformed"};
    }
    Fields fields;
    for (const Json& each : message["fields"]) {
      FieldValue& field = fields.at(each[0].get<std::size_t>());
      field.type = each[1].get<FieldValue::Type>();
      if (each[2].is_string()) {
        field.string = each[2].get<std::string>();
      } else if (each[2].is_boolean()) {
        field.boolean = each[2].get<bool>();
      } else {
        field.number = each[2].get<double>();
      }
    }
    ServerHead head = readServerHead(fields);
    if (message["isBroken"].get<bool>() && carriesText(head)) {
      head = brokenText();
    }
    const bool isText = message["isText"].get<bool>();
    require(!message.contains("body") || isText == carriesText(head) || !hasType(head), "a body is what its head says");
    return {.head = std::visit(AsVector{}, head), .body = bodyOf(message)};
  }

  static bool hasType(const ServerHead& head) {
    return std::holds_alternative<EventHead>(head) || std::holds_alternative<Reply>(head);
  }

  static std::optional<std::string> bodyOf(const Json& message) {
    if (!message.contains("body")) {
      return std::nullopt;
    }
    const auto hex = message["body"].get<std::string>();
    std::string bytes;
    for (std::size_t at = 0; at < hex.size(); at += 2) {
      bytes.push_back(static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16)));
    }
    return bytes;
  }

  std::FILE* to_ = nullptr;
  std::FILE* from_ = nullptr;
};

/// Section 2.2 lets a receiver overlook these where a later field of the same name replaces them.
bool mayNestTooDeeply(std::string_view head) {
  const auto opens = [](char c) { return c == '[' || c == '{'; };
  return std::count_if(head.begin(), head.end(), opens) > static_cast<std::ptrdiff_t>(kMaxHeadDepth);
}

bool mayHaveInfinity(std::string_view head) {
  std::size_t digits = 0;
  bool exponent = false;
  for (const char c : head) {
    const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
    digits = digit ? digits + 1 : 0;
    exponent = c == 'e' || c == 'E' || (exponent && (digit || c == '+'));
    if (digits >= 300 || (exponent && digits >= 3)) {
      return true;
    }
  }
  return false;
}

std::vector<Read> readHere(MessageKind kind, std::string_view payload) {
  std::vector<Read> all;
  Unframer unframer(kind, core::asBytes(payload));
  MessageReader reader(kind, core::asBytes(payload));
  while (const std::optional<ServerMessage> next = reader.next()) {
    const std::optional<Part> part = unframer.next();
    const std::string_view head = part ? asText(part->head) : std::string_view();
    all.push_back(
        {.head = std::visit(AsVector{}, next->head), .mayOverlook = mayHaveInfinity(head) || mayNestTooDeeply(head)});
    if (next->body) {
      all.back().body = asText(next->body->bytes);
    }
  }
  return all;
}

void compare(const std::vector<Read>& here, const std::vector<Read>& there) {
  require(here.size() == there.size(), "there are as many messages");
  for (std::size_t at = 0; at < here.size(); ++at) {
    const bool malformed = here[at].head == "malformed";
    if (malformed && here[at].mayOverlook) {
      continue;
    }
    require(here[at].head == there[at].head, "the heads are the same");
    require(
        malformed || !here[at].head.is_object() || !here[at].head.contains("type") || here[at].body == there[at].body,
        "the bodies are the same");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Page page;
  if (size == 0) {
    return 0;
  }
  const MessageKind kind = (*data & 1) != 0 ? MessageKind::Binary : MessageKind::Text;
  std::string payload(reinterpret_cast<const char*>(data + 1), size - 1);
  if (kind == MessageKind::Text && !core::isValidUtf8(core::asBytes(payload))) {
    // No transport brings such a message.
    std::transform(payload.begin(), payload.end(), payload.begin(), [](char c) { return static_cast<char>(c & 0x7F); });
  }
  compare(readHere(kind, payload), page.read(kind, payload));
  return 0;
}
