#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/protocol/heads.hpp"

namespace tidewire::core::protocol {

/// A head as tests/vectors shows it: the known fields with their defaults. Visits `ServerHead`.
struct AsVector {
  nlohmann::json operator()(const Welcome& head) const {
    nlohmann::json json{{"op", "welcome"},          {"v", 1},
                        {"now", head.now},          {"heartbeat", head.heartbeat.count()},
                        {"resumed", head.resumed},  {"maxMessage", head.maxMessage},
                        {"requests", head.requests}};
    if (head.memory) {
      json["memory"] = *head.memory;
    }
    if (head.dedup) {
      json["dedup"] = {{"count", head.dedup->count}, {"ms", head.dedup->age.count()}};
    }
    return json;
  }
  nlohmann::json operator()(const Subscribed& head) const {
    nlohmann::json json{
        {"op", "subscribed"}, {"id", head.id}, {"epoch", head.epoch}, {"seq", head.seq}, {"recovered", head.recovered}};
    addIf(json, "from", head.from);
    return json;
  }
  nlohmann::json operator()(const EventHead& head) const {
    nlohmann::json json{{"op", "event"},
                        {"channel", head.channel},
                        {"seq", head.seq},
                        {"skipped", head.skipped},
                        {"type", nameOf(head.type)}};
    addIf(json, "ts", head.ts);
    return json;
  }
  nlohmann::json operator()(const Unsubscribed& head) const {
    nlohmann::json json{{"op", "unsubscribed"}, {"channel", head.channel}, {"temporary", head.temporary}};
    addIf(json, "id", head.id);
    addIf(json, "code", head.code);
    addMessage(json, head.message);
    return json;
  }
  nlohmann::json operator()(const Ack& head) const {
    nlohmann::json json{{"op", "ack"}, {"id", head.id}};
    addIf(json, "seq", head.seq);
    return json;
  }
  nlohmann::json operator()(const Reply& head) const {
    return {{"op", "reply"}, {"id", head.id}, {"type", nameOf(head.type)}};
  }
  nlohmann::json operator()(const Pong& head) const { return {{"op", "pong"}, {"t", head.t}, {"now", head.now}}; }
  nlohmann::json operator()(const GoAway& head) const {
    nlohmann::json json{{"op", "goaway"}, {"after", head.after.count()}, {"spread", head.spread.count()}};
    addIf(json, "url", head.url);
    return json;
  }
  nlohmann::json operator()(const ErrorHead& head) const {
    nlohmann::json json{{"op", "error"}, {"code", head.code}, {"temporary", head.temporary}};
    addIf(json, "id", head.id);
    addMessage(json, head.message);
    return json;
  }
  nlohmann::json operator()(const UnknownOp&) const { return "unknown"; }
  nlohmann::json operator()(const Malformed&) const { return "malformed"; }

 private:
  // No message and an empty one are the same to a client.
  static void addMessage(nlohmann::json& json, const std::string& message) {
    if (!message.empty()) {
      json["message"] = message;
    }
  }

  static std::string nameOf(BodyType type) { return type == BodyType::Bytes ? "bytes" : "text"; }

  template <class Value>
  static void addIf(nlohmann::json& json, const char* field, const std::optional<Value>& value) {
    if (value) {
      json[field] = *value;
    }
  }
};

}  // namespace tidewire::core::protocol
