#include "platform_types/server_messages.hpp"

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "core/protocol/head_fields.hpp"
#include "core/protocol/head_reader.hpp"
#include "glue.hpp"
#include "message_access.hpp"

namespace tidewire::internal {
namespace {

using namespace core::protocol;

/// What JavaScript makes of a message, as messages.js writes it. A field is a number that has its place in `Field` and
/// its type, and a number that has its value; of a string that is its length, and the strings follow one another.
struct Record {
  enum class Kind : std::uint8_t { End, BrokenFraming, NoHead, Head };

  double kind;
  double bodySlot;  // Negative: there is no body.
  double bodyKnownBytes;
  double bodyIsBroken;
  double fieldCount;
  std::array<double, 2 * kFieldCount> fields;
  std::array<char, kMaxHeadBytes> strings;
};

/// It is read before anything else can happen in this thread.
Record& record() {
  static thread_local Record record;
  return record;
}

void read(const Record& record, Fields& fields) {
  constexpr auto kTypes = static_cast<unsigned>(FieldValue::Type::Other) + 1;
  std::string_view strings(record.strings.data(), record.strings.size());
  for (std::size_t at = 0; at < static_cast<std::size_t>(record.fieldCount); ++at) {
    const auto code = static_cast<unsigned>(record.fields[2 * at]);
    const double value = record.fields[2 * at + 1];
    FieldValue& field = fields[code / kTypes];
    field.type = static_cast<FieldValue::Type>(code % kTypes);
    field.boolean = value != 0;
    field.number = value;
    if (field.type == FieldValue::Type::String) {
      field.string = strings.substr(0, static_cast<std::size_t>(value));
      strings.remove_prefix(field.string.size());
    }
  }
}

ServerHead headOf(const Record& record) {
  Fields fields;
  read(record, fields);
  ServerHead head = readServerHead(fields);
  return record.bodyIsBroken != 0 && carriesText(head) ? brokenText() : std::move(head);
}

}  // namespace

ServerMessages::ServerMessages(const Message& message)
    : reader_(tidewire_js_read_messages(MessageAccess::slot(message), kMaxHeadBytes)) {}

ServerMessages::~ServerMessages() {
  releaseBody();
  tidewire_js_release(reader_);
}

std::optional<ServerMessage> ServerMessages::next() {
  releaseBody();
  Record& record = internal::record();
  tidewire_js_next_message(reader_, &record);
  switch (static_cast<Record::Kind>(record.kind)) {
    case Record::Kind::End:
      return std::nullopt;
    case Record::Kind::BrokenFraming:
      return ServerMessage{brokenFraming()};
    case Record::Kind::NoHead:
      return ServerMessage{noHead()};
    case Record::Kind::Head:
      break;
  }
  ServerMessage message{headOf(record)};
  if (record.bodySlot >= 0) {
    body_ = static_cast<std::uint32_t>(record.bodySlot);
    message.body = ArrivedBody{.slot = body_, .knownBytes = static_cast<std::size_t>(record.bodyKnownBytes)};
  }
  return message;
}

void ServerMessages::releaseBody() {
  tidewire_js_release(std::exchange(body_, 0));
}

}  // namespace tidewire::internal
