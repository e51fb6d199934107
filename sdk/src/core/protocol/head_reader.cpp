#include "core/protocol/head_reader.hpp"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tidewire::core::protocol {
namespace {

/// Takes fields of one head as what they have to be. The first that is something else is the fault, and what is read
/// after it does not matter.
class HeadReader {
 public:
  explicit HeadReader(Fields& fields) : fields_(fields) {}

  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }

  [[nodiscard]] std::uint64_t integer(Field field) { return maybeInteger(field).value_or(missing(field)); }
  [[nodiscard]] std::uint64_t integer(Field field, std::uint64_t otherwise) {
    return maybeInteger(field).value_or(otherwise);
  }
  [[nodiscard]] std::optional<std::uint64_t> maybeInteger(Field field) {
    const FieldValue* value = find(field, FieldValue::Type::Number);
    if (value == nullptr) {
      return std::nullopt;
    }
    if (value->number < 0 || value->number > static_cast<double>(kMaxInteger) ||
        value->number != std::floor(value->number)) {
      object(field, "is not an integer from 0 to 2^53 - 1");
      return std::nullopt;
    }
    return static_cast<std::uint64_t>(value->number);
  }

  [[nodiscard]] std::uint64_t positive(Field field) { return maybePositive(field).value_or(missing(field)); }
  [[nodiscard]] std::uint64_t positive(Field field, std::uint64_t otherwise) {
    return maybePositive(field).value_or(otherwise);
  }
  [[nodiscard]] std::optional<std::uint64_t> maybePositive(Field field) {
    const std::optional<std::uint64_t> value = maybeInteger(field);
    if (value == 0) {
      object(field, "is 0");
    }
    return value;
  }

  [[nodiscard]] std::chrono::milliseconds time(Field field, std::uint64_t otherwise) {
    return std::chrono::milliseconds(integer(field, otherwise));
  }

  [[nodiscard]] bool boolean(Field field) {
    const FieldValue* value = find(field, FieldValue::Type::Boolean);
    return value == nullptr ? missing(field) != 0 : value->boolean;
  }
  [[nodiscard]] bool boolean(Field field, bool otherwise) {
    const FieldValue* value = find(field, FieldValue::Type::Boolean);
    return value == nullptr ? otherwise : value->boolean;
  }

  [[nodiscard]] std::optional<std::string> maybeString(Field field) {
    FieldValue* value = find(field, FieldValue::Type::String);
    return value == nullptr ? std::nullopt : std::optional(std::move(value->string));
  }
  [[nodiscard]] std::string string(Field field) {
    std::optional<std::string> value = maybeString(field);
    if (!value) {
      (void)missing(field);
    }
    return std::move(value).value_or("");
  }
  [[nodiscard]] std::string channel() {
    std::string value = string(Field::Channel);
    if (!isChannel(value)) {
      object(Field::Channel, "is no channel");
    }
    return value;
  }
  [[nodiscard]] std::optional<std::string> maybeName(Field field) {
    std::optional<std::string> value = maybeString(field);
    if (value && !isName(*value)) {
      object(field, "is no name");
    }
    return value;
  }
  [[nodiscard]] std::string name(Field field) {
    std::string value = string(field);
    if (!isName(value)) {
      object(field, "is no name");
    }
    return value;
  }
  [[nodiscard]] BodyType bodyType() {
    const std::optional<std::string> value = maybeString(Field::Type);
    if (value && *value != "text" && *value != "bytes") {
      object(Field::Type, R"(is neither "text" nor "bytes")");
    }
    return value == "bytes" ? BodyType::Bytes : BodyType::Text;
  }
  [[nodiscard]] bool has(Field field) const noexcept { return at(field).type != FieldValue::Type::Absent; }
  /// Whether an object stands there; something else is a fault.
  [[nodiscard]] bool hasObject(Field field) { return find(field, FieldValue::Type::Object) != nullptr; }

  void object(Field field, std::string_view what) {
    if (fault_.empty()) {
      fault_.append(nameOf(field)).append(" ").append(what);
    }
  }

 private:
  [[nodiscard]] const FieldValue& at(Field field) const noexcept { return fields_[static_cast<std::size_t>(field)]; }

  [[nodiscard]] FieldValue* find(Field field, FieldValue::Type type) {
    FieldValue& value = fields_[static_cast<std::size_t>(field)];
    if (value.type != type && value.type != FieldValue::Type::Absent) {
      object(field, "has the wrong type");
    }
    return value.type == type ? &value : nullptr;
  }

  /// Notes that a field has to be there, if it is not. Returns 0.
  std::uint64_t missing(Field field) {
    if (!has(field)) {
      object(field, "is missing");
    }
    return 0;
  }

  Fields& fields_;
  std::string fault_;
};

Welcome readWelcome(HeadReader& read) {
  Welcome head;
  if (read.integer(Field::V) != 1) {
    read.object(Field::V, "is not 1");
  }
  head.resumed = read.boolean(Field::Resumed);
  head.heartbeat = read.time(Field::Heartbeat, 25'000);
  head.now = read.integer(Field::Now);
  head.maxMessage = read.integer(Field::MaxMessage, head.maxMessage);
  head.requests = read.positive(Field::Requests, head.requests);
  head.memory = read.maybeName(Field::Memory);
  if (read.hasObject(Field::Dedup)) {
    head.dedup = {.count = read.integer(Field::DedupCount),
                  .age = std::chrono::milliseconds(read.integer(Field::DedupMs))};
  }
  return head;
}

Subscribed readSubscribed(HeadReader& read) {
  return {.id = read.positive(Field::Id),
          .epoch = read.name(Field::Epoch),
          .seq = read.integer(Field::Seq),
          .recovered = read.boolean(Field::Recovered),
          .from = read.maybeInteger(Field::From)};
}

EventHead readEvent(HeadReader& read) {
  return {.channel = read.channel(),
          .seq = read.positive(Field::Seq),
          .ts = read.maybeInteger(Field::Ts),
          .skipped = read.integer(Field::Skipped, 0),
          .type = read.bodyType()};
}

Unsubscribed readUnsubscribed(HeadReader& read) {
  return {.id = read.maybePositive(Field::Id),
          .channel = read.channel(),
          .code = read.maybeName(Field::Code),
          .message = read.maybeString(Field::Message).value_or(""),
          .temporary = read.boolean(Field::Temporary, false)};
}

ErrorHead readError(HeadReader& read) {
  return {.id = read.maybePositive(Field::Id),
          .code = read.name(Field::Code),
          .message = read.maybeString(Field::Message).value_or(""),
          .temporary = read.boolean(Field::Temporary, false)};
}

ServerHead readOp(std::string op, HeadReader& read) {
  if (op == "event") {
    return readEvent(read);
  }
  if (op == "ack") {
    return Ack{.id = read.positive(Field::Id), .seq = read.maybeInteger(Field::Seq)};
  }
  if (op == "reply") {
    return Reply{.id = read.positive(Field::Id), .type = read.bodyType()};
  }
  if (op == "pong") {
    return Pong{.t = read.integer(Field::T), .now = read.integer(Field::Now)};
  }
  if (op == "subscribed") {
    return readSubscribed(read);
  }
  if (op == "unsubscribed") {
    return readUnsubscribed(read);
  }
  if (op == "welcome") {
    return readWelcome(read);
  }
  if (op == "goaway") {
    return GoAway{.after = read.time(Field::After, 0),
                  .spread = read.time(Field::Spread, 0),
                  .url = read.maybeString(Field::Url)};
  }
  if (op == "error") {
    return readError(read);
  }
  return UnknownOp{std::move(op)};
}

}  // namespace

ServerHead readServerHead(Fields& fields) {
  HeadReader read(fields);
  std::string op = read.string(Field::Op);
  if (!read.fault().empty()) {
    return Malformed{read.fault()};
  }
  std::string name = op;
  ServerHead result = readOp(std::move(op), read);
  if (!read.fault().empty()) {
    return Malformed{std::move(name) + ": " + read.fault()};
  }
  return result;
}

Malformed noHead() {
  return {"the head is not one JSON object within its limits"};
}

}  // namespace tidewire::core::protocol
