#include "core/protocol/heads.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/bytes.hpp"
#include "core/decimal.hpp"
#include "core/protocol/json.hpp"
#include "core/utf8.hpp"

namespace tidewire::core::protocol {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxChannelBytes = 255;
constexpr std::size_t kMaxNameBytes = 64;

/// Writes a head field by field.
class HeadWriter {
 public:
  explicit HeadWriter(std::string_view op) : text_("{") { add("op", op); }

  HeadWriter& add(std::string_view name, std::string_view value) { return addRaw(name, asJson(value)); }
  HeadWriter& add(std::string_view name, std::uint64_t value) { return addRaw(name, decimal(value)); }
  HeadWriter& add(std::string_view name, bool value) { return addRaw(name, value ? "true" : "false"); }
  HeadWriter& add(std::string_view name, const Position& value) {
    return addRaw(name, R"({"epoch":)" + asJson(value.epoch) + R"(,"seq":)" + decimal(value.seq) + '}');
  }
  template <class Value>
  HeadWriter& add(std::string_view name, const std::optional<Value>& value) {
    return value ? add(name, *value) : *this;
  }
  /// Text is what a body is unless the head says otherwise.
  HeadWriter& add(BodyType type) { return type == BodyType::Bytes ? add("type", "bytes"sv) : *this; }

  [[nodiscard]] std::string take() { return std::move(text_) + '}'; }

 private:
  HeadWriter& addRaw(std::string_view name, std::string_view value) {
    text_.append(text_.size() > 1 ? ",\"" : "\"").append(name).append("\":").append(value);
    return *this;
  }

  static std::string asJson(std::string_view text) {
    const bool plain =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; });
    return plain ? std::string("\"").append(text).append("\"") : quoted(text);
  }

  std::string text_;
};

}  // namespace

Malformed brokenFraming() {
  return {"the framing of a message is malformed"};
}

Malformed brokenText() {
  return {"the text of a message is not UTF-8"};
}

bool carriesText(const ServerHead& head) noexcept {
  const auto* event = std::get_if<EventHead>(&head);
  const auto* reply = std::get_if<Reply>(&head);
  return (event != nullptr && event->type == BodyType::Text) || (reply != nullptr && reply->type == BodyType::Text);
}

std::string write(const Hello& head) {
  return HeadWriter("hello")
      .add("v", std::uint64_t{1})
      .add("session", head.session)
      .add("attempt", head.attempt)
      .add("maxMessage", head.maxMessage)
      .add("memory", head.memory)
      .add("token", head.token)
      .take();
}

std::string write(const Subscribe& head) {
  HeadWriter writer("subscribe");
  writer.add("id", head.id).add("channel", head.channel).add("since", head.since);
  if (!head.since && head.last > 0) {
    writer.add("last", head.last);
  }
  if (head.conflate) {
    writer.add("conflate", true);
  }
  return writer.take();
}

std::string write(const Unsubscribe& head) {
  return HeadWriter("unsubscribe").add("id", head.id).add("channel", head.channel).take();
}

std::string write(const Publish& head) {
  return HeadWriter("publish").add("id", head.id).add("channel", head.channel).add(head.type).take();
}

std::string write(const Request& head) {
  return HeadWriter("request").add("id", head.id).add("method", head.method).add(head.type).take();
}

std::string write(const Cancel& head) {
  return HeadWriter("cancel").add("id", head.id).take();
}

std::string write(const Ping& head) {
  return HeadWriter("ping").add("t", head.t).take();
}

std::string write(const Auth& head) {
  return HeadWriter("auth").add("id", head.id).add("token", head.token).take();
}

bool isChannel(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kMaxChannelBytes && isValidUtf8(asBytes(text)) &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool isName(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kMaxNameBytes && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

}  // namespace tidewire::core::protocol
