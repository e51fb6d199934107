// Any bytes a server may send as a WebSocket message must be taken apart without harm, and each head has to be read as
// a parser of whole documents reads it.
//
// Input: a byte whose lowest bit says binary, then the payload.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/protocol/framing.hpp"
#include "core/protocol/head_reader.hpp"
#include "core/protocol/heads.hpp"

namespace {

using namespace tidewire;
using namespace tidewire::core::protocol;
using Bytes = std::span<const std::byte>;
using Json = nlohmann::json;

void require(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
  }
}

bool equal(Bytes a, Bytes b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

std::string_view asText(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<Part> partsOf(MessageKind kind, Bytes payload, bool& malformed) {
  std::vector<Part> parts;
  Unframer unframer(kind, payload);
  while (const std::optional<Part> part = unframer.next()) {
    parts.push_back(*part);
  }
  malformed = unframer.malformed();
  return parts;
}

/// Written apart from the reader: what section 2.2 calls an integer.
std::optional<std::uint64_t> integerOf(const Json& head, const char* field) {
  const auto found = head.find(field);
  if (found == head.end() || !found->is_number()) {
    return std::nullopt;
  }
  const double value = found->get<double>();
  const bool whole =
      value >= 0 && value <= 9007199254740991.0 && value == static_cast<double>(static_cast<std::uint64_t>(value));
  return whole ? std::optional(static_cast<std::uint64_t>(value)) : std::nullopt;
}

struct Compare {
  const Json& head;

  void operator()(const Welcome& read) const {
    require(head["v"] == 1 && head["resumed"] == read.resumed && integerOf(head, "now") == read.now, "welcome");
    require(head.contains("memory") == read.memory.has_value(), "welcome without memory");
    require(!read.memory || head["memory"] == *read.memory, "memory");
    require(head.contains("dedup") == read.dedup.has_value(), "welcome without dedup");
    require(!read.dedup || integerOf(head["dedup"], "count") == read.dedup->count, "dedup");
    require(read.requests > 0 && integerOf(head, "requests").value_or(64) == read.requests, "requests");
  }
  void operator()(const Subscribed& read) const {
    require(integerOf(head, "id") == read.id && integerOf(head, "seq") == read.seq && head["epoch"] == read.epoch &&
                head["recovered"] == read.recovered,
            "subscribed");
  }
  void operator()(const EventHead& read) const {
    require(head["channel"] == read.channel && integerOf(head, "seq") == read.seq && integerOf(head, "ts") == read.ts,
            "event");
    require(integerOf(head, "skipped").value_or(0) == read.skipped, "skipped");
  }
  void operator()(const Unsubscribed& read) const {
    require(head["channel"] == read.channel && integerOf(head, "id") == read.id, "unsubscribed");
  }
  void operator()(const Ack& read) const {
    require(integerOf(head, "id") == read.id && integerOf(head, "seq") == read.seq, "ack");
  }
  void operator()(const Reply& read) const { require(integerOf(head, "id") == read.id, "reply"); }
  void operator()(const Pong& read) const {
    require(integerOf(head, "t") == read.t && integerOf(head, "now") == read.now, "pong");
  }
  void operator()(const GoAway& read) const { require(head.contains("url") == read.url.has_value(), "goaway"); }
  void operator()(const ErrorHead& read) const {
    require(head["code"] == read.code && integerOf(head, "id") == read.id, "error");
  }
  void operator()(const UnknownOp& read) const { require(head["op"] == read.op, "unknown op"); }
  void operator()(const Malformed& read) const { require(!read.why.empty(), "a malformed head says why"); }
};

void checkHead(Bytes head) {
  const ServerHead read = readServerHead(head);
  const std::string_view text = asText(head);
  // A parser of documents takes a byte order mark and an end at NUL, which are malformed here.
  const bool plain =
      text.size() <= kMaxHeadBytes && text.find('\0') == std::string_view::npos && text.find("\xEF\xBB\xBF") != 0;
  const Json document = plain ? Json::parse(text, nullptr, false) : Json(Json::value_t::discarded);
  const bool hasOp = document.is_object() && document.contains("op") && document["op"].is_string();
  if (!hasOp) {
    require(std::holds_alternative<Malformed>(read), "what is no head is malformed");
    return;
  }
  std::visit(Compare{document}, read);
}

void checkFraming(const std::vector<Part>& parts, std::size_t maxBytes) {
  Framer framer(maxBytes);
  for (const Part& part : parts) {
    framer.add(asText(part.head), part.body);
  }
  std::size_t at = 0;
  for (const Framer::Batch& batch : framer.take()) {
    bool malformed = false;
    const std::vector<Part> again = partsOf(batch.kind, std::as_bytes(std::span(batch.payload)), malformed);
    require(!malformed, "what was joined comes apart");
    require(again.size() == 1 || batch.payload.size() <= maxBytes, "a batch is within its bound");
    for (const Part& part : again) {
      require(at < parts.size() && equal(part.head, parts[at].head), "the heads are the same");
      require(part.body.has_value() == parts[at].body.has_value() && (!part.body || equal(*part.body, *parts[at].body)),
              "the bodies are the same");
      ++at;
    }
  }
  require(at == parts.size(), "nothing is lost");
}

/// Whether a writer may frame it: heads have no separator, and are not empty where there is no body.
bool canBeWritten(const std::vector<Part>& parts) {
  return std::all_of(parts.begin(), parts.end(),
                     [](const Part& part) { return asText(part.head).find('\x1E') == std::string_view::npos; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const MessageKind kind = (data[0] & 1) != 0 ? MessageKind::Binary : MessageKind::Text;
  const Bytes payload = std::as_bytes(std::span(data, size)).subspan(1);
  bool malformed = false;
  const std::vector<Part> parts = partsOf(kind, payload, malformed);
  require(!payload.empty() || malformed, "an empty message is malformed");
  for (const Part& part : parts) {
    checkHead(part.head);
  }
  if (canBeWritten(parts)) {
    checkFraming(parts, 64);
    checkFraming(parts, 65'536);
  }
  return 0;
}
