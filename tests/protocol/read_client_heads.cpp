// Reads heads as the server half does, for a test that compares this with what somebody else makes of them.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "head_lines.hpp"
#include "server/heads.hpp"

namespace {

using nlohmann::json;
using namespace tidewire::server;

const char* nameOf(BodyType type) {
  return type == BodyType::Text ? "text" : "bytes";
}

/// As tests/vectors shows it. What the server does with an empty field that may be left out is what it does without.
struct AsVector {
  json operator()(const Hello& head) const {
    json value{{"op", "hello"}, {"v", head.v}, {"session", head.session}, {"maxMessage", head.maxMessage}};
    addIf(value, "attempt", head.attempt);
    addUnlessEmpty(value, "memory", head.memory);
    addUnlessEmpty(value, "token", head.token);
    return value;
  }
  json operator()(const Subscribe& head) const {
    json value{{"op", "subscribe"},
               {"id", head.id},
               {"channel", head.channel},
               {"last", head.last},
               {"conflate", head.conflate}};
    if (head.since) {
      value["since"] = {{"epoch", head.since->epoch}, {"seq", head.since->seq}};
    }
    return value;
  }
  json operator()(const Unsubscribe& head) const {
    return {{"op", "unsubscribe"}, {"id", head.id}, {"channel", head.channel}};
  }
  json operator()(const Publish& head) const {
    json value{{"op", "publish"}, {"channel", head.channel}, {"type", nameOf(head.type)}};
    addIf(value, "id", head.id);
    return value;
  }
  json operator()(const Request& head) const {
    return {{"op", "request"}, {"id", head.id}, {"method", head.method}, {"type", nameOf(head.type)}};
  }
  json operator()(const Cancel& head) const { return {{"op", "cancel"}, {"id", head.id}}; }
  json operator()(const Ping& head) const { return {{"op", "ping"}, {"t", head.t}}; }
  json operator()(const Auth& head) const { return {{"op", "auth"}, {"id", head.id}, {"token", head.token}}; }
  json operator()(const UnknownOp& /*head*/) const { return "unknown"; }

 private:
  static void addIf(json& value, const char* name, const std::optional<std::uint64_t>& number) {
    if (number) {
      value[name] = *number;
    }
  }
  static void addUnlessEmpty(json& value, const char* name, const std::string& text) {
    if (!text.empty()) {
      value[name] = text;
    }
  }
};

}  // namespace

int main() {
  answerHeads([](std::string_view head) -> json {
    const std::optional<Head> read = readHead(head);
    return read ? std::visit(AsVector{}, *read) : json("malformed");
  });
}
