#include "plain_head.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace tidewire::native {
namespace {

using core::protocol::BodyType;
using core::protocol::EventHead;

// So many digits are below 2^53.
constexpr std::size_t kMaxDigits = 15;

// The fields that were seen.
constexpr unsigned kOp = 1;
constexpr unsigned kChannel = 2;
constexpr unsigned kSeq = 4;
constexpr unsigned kTs = 8;
constexpr unsigned kSkipped = 16;
constexpr unsigned kType = 32;

/// Reads a head from the front.
class PlainReader {
 public:
  explicit PlainReader(std::string_view text) noexcept : rest_(text) {}

  [[nodiscard]] bool isAtEnd() const noexcept { return rest_.empty(); }

  [[nodiscard]] bool take(char wanted) noexcept {
    const bool found = !rest_.empty() && rest_.front() == wanted;
    rest_.remove_prefix(found ? 1 : 0);
    return found;
  }

  /// Up to the next quotation mark, escaped or not: the caller decides about the bytes between.
  [[nodiscard]] bool string(std::string_view& value) noexcept {
    if (!take('"')) {
      return false;
    }
    value = rest_.substr(0, rest_.find('"'));
    rest_.remove_prefix(value.size());
    return take('"');
  }

  /// Digits alone. A sign, a fraction or an exponent is not read, so what follows does not fit.
  [[nodiscard]] bool integer(std::uint64_t& value) noexcept {
    const std::size_t most = std::min(rest_.size(), kMaxDigits);
    std::size_t digits = 0;
    for (value = 0; digits < most && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      value = value * 10 + static_cast<std::uint64_t>(rest_[digits] - '0');
    }
    const bool isNumber = digits == 1 || (digits > 1 && rest_.front() != '0');
    rest_.remove_prefix(digits);
    return isNumber;
  }

 private:
  std::string_view rest_;
};

bool isPlainChannel(std::string_view text) noexcept {
  return text.find('\\') == std::string_view::npos && core::protocol::isChannel(text);
}

/// Reads one field. Returns which it was, or 0.
unsigned readField(PlainReader& read, EventHead& head, std::string_view& channel) noexcept {
  std::string_view name;
  std::string_view value;
  if (!read.string(name) || !read.take(':')) {
    return 0;
  }
  if (name == "op") {
    return read.string(value) && value == "event" ? kOp : 0;
  }
  if (name == "channel") {
    return read.string(channel) && isPlainChannel(channel) ? kChannel : 0;
  }
  if (name == "seq") {
    return read.integer(head.seq) && head.seq > 0 ? kSeq : 0;
  }
  if (name == "ts") {
    return read.integer(head.ts.emplace()) ? kTs : 0;
  }
  if (name == "skipped") {
    return read.integer(head.skipped) ? kSkipped : 0;
  }
  if (name != "type" || !read.string(value) || (value != "text" && value != "bytes")) {
    return 0;
  }
  head.type = value == "bytes" ? BodyType::Bytes : BodyType::Text;
  return kType;
}

}  // namespace

std::optional<EventHead> readPlainEvent(std::string_view text) {
  PlainReader read(text);
  EventHead head;
  std::string_view channel;
  unsigned seen = 0;
  do {
    const unsigned field = seen == 0 && !read.take('{') ? 0 : readField(read, head, channel);
    if (field == 0 || (seen & field) != 0) {
      return std::nullopt;
    }
    seen |= field;
  } while (read.take(','));
  constexpr unsigned kRequired = kOp | kChannel | kSeq;
  if (!read.take('}') || !read.isAtEnd() || (seen & kRequired) != kRequired) {
    return std::nullopt;
  }
  head.channel = channel;
  return head;
}

}  // namespace tidewire::native
