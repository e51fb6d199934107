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

  [[nodiscard]] bool take(std::string_view wanted) noexcept {
    const bool found = rest_.starts_with(wanted);
    rest_.remove_prefix(found ? wanted.size() : 0);
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

  /// The same for a short string of printable ASCII without escapes, which needs no other check: names mostly are that,
  /// and one look at each character is faster than several passes. Returns false, having read nothing, for all others.
  [[nodiscard]] bool asciiString(std::string_view& value) noexcept {
    constexpr std::size_t kMost = 64;
    const std::size_t most = std::min(rest_.size(), kMost);
    std::size_t at = 1;
    for (; at < most && rest_[at] != '"'; ++at) {
      if (rest_[at] < 0x20 || rest_[at] >= 0x7F || rest_[at] == '\\') {
        return false;
      }
    }
    if (at >= most || rest_.front() != '"') {
      return false;
    }
    value = rest_.substr(1, at - 1);
    rest_.remove_prefix(at + 1);
    return true;
  }

  /// Digits alone. A sign, a fraction or an exponent is not read, so what follows does not fit.
  [[nodiscard]] bool integer(std::uint64_t& value) noexcept {
    const char* const begin = rest_.data();
    const char* const end = begin + std::min(rest_.size(), kMaxDigits);
    const char* at = begin;
    std::uint64_t read = 0;
    for (unsigned digit = 0; at != end && (digit = static_cast<unsigned>(*at - '0')) <= 9; ++at) {
      read = read * 10 + digit;
    }
    value = read;
    const auto digits = static_cast<std::size_t>(at - begin);
    const bool isNumber = digits == 1 || (digits > 1 && *begin != '0');
    rest_.remove_prefix(digits);
    return isNumber;
  }

 private:
  std::string_view rest_;
};

/// Reads the name of a channel in quotation marks.
bool readChannel(PlainReader& read, std::string_view& channel) noexcept {
  if (read.asciiString(channel)) {
    return !channel.empty();
  }
  return read.string(channel) && channel.find('\\') == std::string_view::npos && core::protocol::isChannel(channel);
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
    return readChannel(read, channel) ? kChannel : 0;
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

bool readPlainEvent(std::string_view text, EventHead& head) {
  PlainReader read(text);
  std::string_view channel;
  unsigned seen = 0;
  bool goesOn = true;
  // The order of docs/protocol.md, which most servers keep.
  if (read.take(R"({"op":"event","channel":)")) {
    if (!readChannel(read, channel)) {
      return false;
    }
    seen = kOp | kChannel;
    if (read.take(R"(,"seq":)")) {
      if (!read.integer(head.seq) || head.seq == 0) {
        return false;
      }
      seen |= kSeq;
    }
    goesOn = read.take(',');
  } else if (!read.take('{')) {
    return false;
  }
  for (; goesOn; goesOn = read.take(',')) {
    const unsigned field = readField(read, head, channel);
    if (field == 0 || (seen & field) != 0) {
      return false;
    }
    seen |= field;
  }
  constexpr unsigned kRequired = kOp | kChannel | kSeq;
  if (!read.take('}') || !read.isAtEnd() || (seen & kRequired) != kRequired) {
    return false;
  }
  head.channel = channel;
  return true;
}

}  // namespace tidewire::native
