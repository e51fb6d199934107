// Reads heads of the message protocol: plain ones by hand, all others by nlohmann/json. A page does it in messages.js.

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <variant>

#include "core/protocol/head_fields.hpp"
#include "core/protocol/head_reader.hpp"
#include "plain_head.hpp"

namespace tidewire::core::protocol {
namespace {

std::optional<Field> fieldOf(std::string_view name) noexcept {
  for (std::size_t at = 0; at < kFieldCount; ++at) {
    const auto field = static_cast<Field>(at);
    if (nameOf(field) == name && name.find('.') == std::string_view::npos) {
      return field;
    }
  }
  return std::nullopt;
}

std::optional<Field> dedupFieldOf(std::string_view name) noexcept {
  if (name == "count") {
    return Field::DedupCount;
  }
  return name == "ms" ? std::optional(Field::DedupMs) : std::nullopt;
}

/// Receives the SAX events of nlohmann's parser, which prescribes the names. Unknown fields are not stored, so a head
/// full of them costs no memory.
class FieldSink {
 public:
  explicit FieldSink(Fields& fields) : fields_(fields) {}

  bool null() { return put({FieldValue::Type::Other}); }
  bool boolean(bool value) { return put({.type = FieldValue::Type::Boolean, .boolean = value}); }
  bool number_integer(std::int64_t value) { return putNumber(static_cast<double>(value)); }
  bool number_unsigned(std::uint64_t value) { return putNumber(static_cast<double>(value)); }
  bool number_float(double value, const std::string&) { return putNumber(value); }
  bool string(std::string& value) { return put({.type = FieldValue::Type::String, .string = std::move(value)}); }
  bool binary(nlohmann::json::binary_t&) { return false; }

  bool start_object(std::size_t) {
    if (depth_ == 1) {
      inDedup_ = field_ == Field::Dedup;
    }
    if (inDedup_ && depth_ == 1) {
      at(Field::DedupCount) = {};
      at(Field::DedupMs) = {};
    }
    put({.type = FieldValue::Type::Object});
    return ++depth_ <= kMaxHeadDepth;
  }

  bool end_object() { return leave(); }

  bool start_array(std::size_t) {
    put({.type = FieldValue::Type::Other});
    return ++depth_ > 1 && depth_ <= kMaxHeadDepth;  // The head itself is no array.
  }

  bool end_array() { return leave(); }

  bool key(const std::string& name) {
    if (depth_ == 1) {
      field_ = fieldOf(name);
    } else if (depth_ == 2 && inDedup_) {
      field_ = dedupFieldOf(name);
    }
    return true;
  }

  static bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) { return false; }

 private:
  FieldValue& at(Field field) { return fields_[static_cast<std::size_t>(field)]; }

  bool leave() {
    --depth_;
    inDedup_ = inDedup_ && depth_ > 1;
    return true;
  }

  bool putNumber(double value) { return put({.type = FieldValue::Type::Number, .number = value}); }

  /// The value of the last key, if that is a known one. Returns whether the value may stand there: only an object is a
  /// head.
  bool put(FieldValue value) {
    if (field_ && (depth_ == 1 || (depth_ == 2 && inDedup_))) {
      at(*field_) = std::move(value);
    }
    return depth_ > 0;
  }

  Fields& fields_;
  std::optional<Field> field_;
  std::size_t depth_ = 0;
  bool inDedup_ = false;
};

/// Reads the known fields of a JSON object, whatever their types. Of repeated ones the last counts.
///
/// Returns: whether it is an object that docs/protocol.md, section 2.2, allows as a head.
bool readFields(std::span<const std::byte> head, Fields& fields) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  // The parser would take a byte order mark for white space, and NUL for the end.
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (text.size() > kMaxHeadBytes || begin == std::string_view::npos || text[begin] != '{' ||
      text.find('\0') != std::string_view::npos) {
    return false;
  }
  FieldSink sink(fields);
  return nlohmann::json::sax_parse(text.begin(), text.end(), &sink);
}

}  // namespace

ServerHead readServerHead(std::span<const std::byte> head) {
  ServerHead read;
  readServerHead(head, read);
  return read;
}

void readServerHead(std::span<const std::byte> head, ServerHead& read) {
  // Nearly every head of a busy session. The JSON library allocates and dispatches for each of its fields.
  auto* const event = std::get_if<EventHead>(&read);
  if (!native::readPlainEvent({reinterpret_cast<const char*>(head.data()), head.size()}, *event)) {
    read = native::readJsonHead(head);
  }
}

}  // namespace tidewire::core::protocol

namespace tidewire::native {

core::protocol::ServerHead readJsonHead(std::span<const std::byte> head) {
  core::protocol::Fields fields;
  return core::protocol::readFields(head, fields) ? core::protocol::readServerHead(fields) : core::protocol::noHead();
}

}  // namespace tidewire::native
