#include "server/heads.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace tidewire::server {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxHeadBytes = 16'384;
constexpr std::size_t kMaxHeadDepth = 64;
constexpr std::size_t kMaxChannelBytes = 255;
constexpr std::size_t kMaxNameBytes = 64;
constexpr std::size_t kKeyBytes = 22;
constexpr std::uint64_t kMinMaxMessage = 1'024;
constexpr double kMaxInteger = 9'007'199'254'740'991;  // 2^53 - 1

bool isOfBase64Url(char letter) {
  return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
         letter == '_' || letter == '-';
}

bool isKey(std::string_view text) {
  return text.size() == kKeyBytes && std::ranges::all_of(text, isOfBase64Url);
}

bool isName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes &&
         std::ranges::all_of(text, [](char letter) { return isOfBase64Url(letter) || letter == '.'; });
}

bool isChannel(std::string_view text) {
  return !text.empty() && text.size() <= kMaxChannelBytes && std::ranges::none_of(text, [](char letter) {
    return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
  });
}

/// Reads the fields of one object, and knows at the end whether one of them was wrong.
class Fields {
 public:
  explicit Fields(const json& object) : object_(object) {}

  std::optional<std::uint64_t> integer(const char* name) {
    const json* const value = find(name);
    if (value == nullptr) {
      return std::nullopt;
    }
    const double number = value->is_number() ? value->get<double>() : -1;
    if (!(number >= 0) || number > kMaxInteger || number != static_cast<double>(static_cast<std::uint64_t>(number))) {
      return wrong<std::uint64_t>();
    }
    return static_cast<std::uint64_t>(number);
  }

  std::optional<std::uint64_t> integerFrom(std::uint64_t least, const char* name) {
    const std::optional<std::uint64_t> value = integer(name);
    return value && *value < least ? wrong<std::uint64_t>() : value;
  }

  std::optional<std::uint64_t> id() { return integerFrom(1, "id"); }

  std::optional<bool> boolean(const char* name) {
    const json* const value = find(name);
    if (value == nullptr) {
      return std::nullopt;
    }
    return value->is_boolean() ? std::optional(value->get<bool>()) : wrong<bool>();
  }

  std::optional<std::string> string(const char* name, bool (*fits)(std::string_view) = nullptr) {
    const json* const value = find(name);
    if (value == nullptr) {
      return std::nullopt;
    }
    const std::string* const text = value->get_ptr<const std::string*>();
    return text != nullptr && (fits == nullptr || fits(*text)) ? std::optional(*text) : wrong<std::string>();
  }

  std::optional<Position> position(const char* name) {
    const json* const value = find(name);
    if (value == nullptr) {
      return std::nullopt;
    }
    Fields fields(*value);
    Position position{.epoch = fields.need(fields.string("epoch", isName)), .seq = fields.need(fields.integer("seq"))};
    return fields.fine() ? std::optional(std::move(position)) : wrong<Position>();
  }

  BodyType type() {
    const std::string text = string("type").value_or("text");
    fine_ = fine_ && (text == "text" || text == "bytes");
    return text == "bytes" ? BodyType::Bytes : BodyType::Text;
  }

  template <class Value>
  Value need(std::optional<Value> value) {
    fine_ = fine_ && value.has_value();
    return std::move(value).value_or(Value{});
  }

  [[nodiscard]] bool fine() const { return fine_; }

 private:
  [[nodiscard]] const json* find(const char* name) const {
    const auto found = object_.find(name);  // In what is no object, nothing is found.
    return found != object_.end() ? &*found : nullptr;
  }

  template <class Value>
  std::optional<Value> wrong() {
    fine_ = false;
    return std::nullopt;
  }

  const json& object_;
  bool fine_ = true;
};

Head readHello(Fields& fields) {
  const Hello otherwise;
  return Hello{.v = fields.need(fields.integer("v")),
               .session = fields.need(fields.string("session", isKey)),
               .attempt = fields.integerFrom(1, "attempt"),
               .maxMessage = fields.integerFrom(kMinMaxMessage, "maxMessage").value_or(otherwise.maxMessage),
               .memory = fields.string("memory", isName).value_or(""),
               .token = fields.string("token").value_or("")};
}

Head readSubscribe(Fields& fields) {
  return Subscribe{.id = fields.need(fields.id()),
                   .channel = fields.need(fields.string("channel", isChannel)),
                   .since = fields.position("since"),
                   .last = fields.integer("last").value_or(0),
                   .conflate = fields.boolean("conflate").value_or(false)};
}

Head readUnsubscribe(Fields& fields) {
  return Unsubscribe{.id = fields.need(fields.id()), .channel = fields.need(fields.string("channel", isChannel))};
}

Head readPublish(Fields& fields) {
  return Publish{.id = fields.id(), .channel = fields.need(fields.string("channel", isChannel)), .type = fields.type()};
}

Head readRequest(Fields& fields) {
  return Request{
      .id = fields.need(fields.id()), .method = fields.need(fields.string("method", isChannel)), .type = fields.type()};
}

Head readCancel(Fields& fields) {
  return Cancel{.id = fields.need(fields.id())};
}

Head readPing(Fields& fields) {
  return Ping{.t = fields.need(fields.integer("t"))};
}

Head readAuth(Fields& fields) {
  return Auth{.id = fields.need(fields.id()), .token = fields.need(fields.string("token"))};
}

struct Operation {
  std::string_view op;
  Head (*read)(Fields& fields);
};

constexpr std::array<Operation, 8> kOperations{{
    {"hello", readHello},
    {"subscribe", readSubscribe},
    {"unsubscribe", readUnsubscribe},
    {"publish", readPublish},
    {"request", readRequest},
    {"cancel", readCancel},
    {"ping", readPing},
    {"auth", readAuth},
}};

// Whatever else is wrong with it. What is in quotation marks does not count.
bool isTooDeep(std::string_view text) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char letter = text[at];
    if (letter == '"') {
      quoted = !quoted;
    } else if (quoted) {
      at += letter == '\\' ? 1 : 0;
    } else if (letter == '{' || letter == '[') {
      if (++depth > kMaxHeadDepth) {
        return true;
      }
    } else if (letter == '}' || letter == ']') {
      depth -= depth > 0 ? 1 : 0;
    }
  }
  return false;
}

// The parser nests without end, skips a byte order mark, and takes NUL for the end.
bool hasWhatTheParserOverlooks(std::string_view text) {
  return text.starts_with("\xef\xbb\xbf") || text.find('\0') != std::string_view::npos || isTooDeep(text);
}

}  // namespace

std::optional<Head> readHead(std::string_view text) {
  if (text.size() > kMaxHeadBytes || hasWhatTheParserOverlooks(text)) {
    return std::nullopt;
  }
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) {
    return std::nullopt;
  }
  Fields fields(object);
  const std::optional<std::string> op = fields.string("op");
  if (!op) {
    return std::nullopt;
  }
  const auto* const operation = std::ranges::find(kOperations, *op, &Operation::op);
  if (operation == kOperations.end()) {
    return UnknownOp{.id = fields.id()};
  }
  Head head = operation->read(fields);
  return fields.fine() ? std::optional(std::move(head)) : std::nullopt;
}

HeadWriter::HeadWriter(std::string_view op) {
  head_.append(R"({"op":")").append(op).append("\"");
}

HeadWriter& HeadWriter::text(std::string_view name, std::string_view value) {
  return raw(name, quoteJson(value));
}

HeadWriter& HeadWriter::number(std::string_view name, std::uint64_t value) {
  return raw(name, std::to_string(value));
}

HeadWriter& HeadWriter::flag(std::string_view name, bool value) {
  return raw(name, value ? "true" : "false");
}

HeadWriter& HeadWriter::raw(std::string_view name, std::string_view json) {
  head_.append(",\"").append(name).append("\":").append(json);
  return *this;
}

HeadWriter& HeadWriter::type(BodyType type) {
  return type == BodyType::Bytes ? text("type", "bytes") : *this;
}

std::string HeadWriter::take() {
  return std::move(head_) + '}';
}

std::string quoteJson(std::string_view text) {
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace tidewire::server
