#include "server/framing.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "server/utf8.hpp"

namespace tidewire::server {

namespace {

constexpr char kSeparator = '\x1e';
constexpr std::size_t kMaxBatchBytes = 65'536;  // But for one message that is larger.
constexpr int kMaxLengthBytes = 5;

void appendLength(std::string& payload, std::size_t length) {
  for (; length >= 0x80; length >>= 7) {
    payload += static_cast<char>(0x80 | (length & 0x7f));
  }
  payload += static_cast<char>(length);
}

}  // namespace

std::optional<Part> Unframer::next() {
  if (rest_.empty() || malformed_) {
    return std::nullopt;
  }
  const std::string_view message = binary_ ? takeBinary() : takeText();
  malformed_ = malformed_ || message.empty();
  if (malformed_) {
    return std::nullopt;
  }
  const std::size_t newline = message.find('\n');
  if (newline == std::string_view::npos) {
    return Part{.head = message};
  }
  return Part{.head = message.substr(0, newline), .body = message.substr(newline + 1)};
}

std::string_view Unframer::takeText() {
  const std::size_t end = rest_.find(kSeparator);
  const std::string_view message = rest_.substr(0, end);
  rest_.remove_prefix(message.size());
  if (!rest_.empty()) {
    rest_.remove_prefix(1);
    malformed_ = rest_.empty();
  }
  return message;
}

std::string_view Unframer::takeBinary() {
  std::uint64_t length = 0;
  for (int count = 0;; ++count) {
    if (rest_.empty() || count == kMaxLengthBytes) {
      malformed_ = true;
      return {};
    }
    const auto bits = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    length |= std::uint64_t{bits & 0x7fU} << (7 * count);
    if (bits < 0x80) {
      break;
    }
  }
  if (length > rest_.size()) {
    malformed_ = true;
    return {};
  }
  const std::string_view message = rest_.substr(0, static_cast<std::size_t>(length));
  rest_.remove_prefix(message.size());
  return message;
}

Packet::Packet(std::string head, std::string_view body) : bytes(std::move(head)) {
  bytes.reserve(bytes.size() + 1 + body.size());
  bytes += '\n';
  bytes += body;
  binary = body.find(kSeparator) != std::string_view::npos || !isUtf8(body);
}

std::size_t Packet::framedBytes() const {
  std::string length;
  if (binary) {
    appendLength(length, bytes.size());
  }
  return length.size() + bytes.size();
}

Batch::Batch(std::size_t maxBytes) : maxBytes_(std::min(maxBytes, kMaxBatchBytes)) {}

bool Batch::takes(const Packet& packet) const {
  const std::size_t bytes = packet.bytes.size() + (packet.binary ? kMaxLengthBytes : 1);
  return empty() || (packet.binary == binary_ && payload_.size() + bytes <= maxBytes_);
}

void Batch::add(const Packet& packet) {
  if (packet.binary) {
    appendLength(payload_, packet.bytes.size());
  } else if (!empty()) {
    payload_ += kSeparator;
  }
  binary_ = packet.binary;
  payload_ += packet.bytes;
}

}  // namespace tidewire::server
