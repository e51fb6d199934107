#include "plain_head.hpp"

#include <cstddef>
#include <cstdint>

namespace tidewire::native {
namespace {

using core::protocol::BodyType;
using core::protocol::EventHead;

constexpr std::size_t kMaxChannelBytes = 255;
// So many digits are below 2^53.
constexpr int kMaxDigits = 15;

// The fields that were seen.
constexpr unsigned kOp = 1;
constexpr unsigned kChannel = 2;
constexpr unsigned kSeq = 4;
constexpr unsigned kTs = 8;
constexpr unsigned kSkipped = 16;
constexpr unsigned kType = 32;

/// Reads a head from the front. After the first failure every call fails.
class PlainReader {
 public:
  explicit PlainReader(std::string_view text) noexcept : at_(text.data()), end_(text.data() + text.size()) {}

  [[nodiscard]] bool isAtEnd() const noexcept { return at_ == end_; }

  [[nodiscard]] bool take(char wanted) noexcept {
    const bool found = at_ != end_ && *at_ == wanted;
    at_ += found ? 1 : 0;
    return found;
  }

  /// A string of printable ASCII without escapes.
  [[nodiscard]] bool string(std::string_view& value) noexcept {
    if (!take('"')) {
      return false;
    }
    const char* const begin = at_;
    while (at_ != end_ && *at_ >= 0x20 && *at_ < 0x7F && *at_ != '"' && *at_ != '\\') {
      ++at_;
    }
    value = {begin, static_cast<std::size_t>(at_ - begin)};
    return take('"');
  }

  /// Digits alone. A sign, a fraction or an exponent is not read, so what follows does not fit.
  [[nodiscard]] bool integer(std::uint64_t& value) noexcept {
    const char* const begin = at_;
    for (value = 0; at_ != end_ && *at_ >= '0' && *at_ <= '9' && at_ - begin < kMaxDigits; ++at_) {
      value = value * 10 + static_cast<std::uint64_t>(*at_ - '0');
    }
    return at_ != begin && (*begin != '0' || at_ - begin == 1);
  }

 private:
  const char* at_;
  const char* end_;
};

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
    return read.string(channel) && !channel.empty() && channel.size() <= kMaxChannelBytes ? kChannel : 0;
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
