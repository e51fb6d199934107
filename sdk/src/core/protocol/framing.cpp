#include "core/protocol/framing.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/utf8.hpp"

namespace tidewire::core::protocol {
namespace {

constexpr std::byte kSeparator{0x1E};
constexpr std::byte kNewline{0x0A};
constexpr int kMaxLengthBytes = 5;

std::string_view asText(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::size_t find(std::span<const std::byte> bytes, std::byte wanted) noexcept {
  return std::min(asText(bytes).find(static_cast<char>(wanted)), bytes.size());
}

/// A body that could forge messages, or that text cannot carry, goes binary.
MessageKind framingFor(const std::optional<std::span<const std::byte>>& body) noexcept {
  const bool text = !body || (find(*body, kSeparator) == body->size() && isValidUtf8(*body));
  return text ? MessageKind::Text : MessageKind::Binary;
}

std::size_t sizeOf(std::string_view head, const std::optional<std::span<const std::byte>>& body) noexcept {
  return head.size() + (body ? 1 + body->size() : 0);
}

std::string lengthOf(std::size_t size) {
  std::string length;
  do {
    const auto bits = static_cast<unsigned char>(size & 0x7F);
    size >>= 7;
    length.push_back(static_cast<char>(size > 0 ? bits | 0x80 : bits));
  } while (size > 0);
  return length;
}

}  // namespace

std::optional<Part> Unframer::next() noexcept {
  if (malformed_ || rest_.empty()) {
    return std::nullopt;
  }
  const std::span<const std::byte> message = kind_ == MessageKind::Text ? takeText() : takeBinary();
  malformed_ = malformed_ || message.empty();
  if (malformed_) {
    return std::nullopt;
  }
  const std::size_t end = find(message, kNewline);
  if (end == message.size()) {
    return Part{message, std::nullopt};
  }
  return Part{message.first(end), message.subspan(end + 1)};
}

std::span<const std::byte> Unframer::takeText() noexcept {
  const std::size_t end = find(rest_, kSeparator);
  const std::span<const std::byte> message = rest_.first(end);
  // A separator at the very end would have an empty message behind it.
  malformed_ = end + 1 == rest_.size();
  rest_ = rest_.subspan(std::min(end + 1, rest_.size()));
  return message;
}

std::span<const std::byte> Unframer::takeBinary() noexcept {
  std::uint64_t length = 0;
  for (int at = 0; at < kMaxLengthBytes && !rest_.empty(); ++at) {
    const auto bits = std::to_integer<std::uint64_t>(rest_.front());
    rest_ = rest_.subspan(1);
    length |= (bits & 0x7F) << (7 * at);
    if (bits < 0x80) {
      if (length > rest_.size()) {
        break;
      }
      const std::span<const std::byte> message = rest_.first(static_cast<std::size_t>(length));
      rest_ = rest_.subspan(message.size());
      return message;
    }
  }
  malformed_ = true;
  return {};
}

bool fits(std::string_view head, std::optional<std::span<const std::byte>> body, std::uint64_t maxBytes) noexcept {
  const std::size_t size = sizeOf(head, body);
  if (size > maxBytes || maxBytes - size >= kMaxLengthBytes) {
    return size <= maxBytes;  // Mostly there is no need to look into the body.
  }
  return framingFor(body) == MessageKind::Text || lengthOf(size).size() <= maxBytes - size;
}

void Framer::add(std::string_view head, std::optional<std::span<const std::byte>> body) {
  const MessageKind kind = framingFor(body);
  const std::size_t size = sizeOf(head, body);
  const std::string length = kind == MessageKind::Binary ? lengthOf(size) : std::string();
  const std::size_t before = kind == MessageKind::Binary ? length.size() : 1;
  if (batches_.empty() || batches_.back().kind != kind || batches_.back().payload.size() + before + size > maxBytes_) {
    batches_.push_back({kind});
  }
  std::string& payload = batches_.back().payload;
  if (kind == MessageKind::Text && !payload.empty()) {
    payload.push_back(static_cast<char>(kSeparator));
  }
  payload.append(length).append(head);
  if (body) {
    payload.push_back(static_cast<char>(kNewline));
    payload.append(asText(*body));
  }
}

std::vector<Framer::Batch> Framer::take() {
  return std::exchange(batches_, {});
}

}  // namespace tidewire::core::protocol
