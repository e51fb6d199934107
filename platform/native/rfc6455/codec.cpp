#include "rfc6455/codec.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace tidewire::native {
namespace {

constexpr std::size_t kAheadBytes = 1024 * 1024;  // Memory taken on the word of a header alone.
constexpr std::size_t kKeptBytes = 16 * 1024;     // Memory kept from one message to the next.
constexpr std::size_t kPlacedBytes = 16 * 1024;   // Less than this is copied rather than received in place.

constexpr std::uint16_t kNoCode = 1005;

constexpr Fault kReservedBits{1002, "the server set a reserved bit without an extension (RFC 6455 section 5.2)"};
constexpr Fault kReservedOpcode{1002, "the server used a reserved opcode (RFC 6455 section 5.2)"};
constexpr Fault kMasked{1002, "the server masked a frame (RFC 6455 section 5.1)"};
constexpr Fault kFragmentedControl{1002, "the server fragmented a control frame (RFC 6455 section 5.5)"};
constexpr Fault kLongControl{1002, "the server sent a control frame of more than 125 bytes (RFC 6455 section 5.5)"};
constexpr Fault kNothingToContinue{1002, "the server continued a message that it had not begun (RFC 6455 section 5.4)"};
constexpr Fault kInterleaved{1002, "the server began a message inside of another (RFC 6455 section 5.4)"};
constexpr Fault kLongLength{1002, "the server wrote a length in more bytes than it takes (RFC 6455 section 5.2)"};
constexpr Fault kHugeLength{1002, "the server set the top bit of a 64-bit length (RFC 6455 section 5.2)"};
constexpr Fault kHalfCode{1002, "the server sent a Close frame of one byte (RFC 6455 section 5.5.1)"};
constexpr Fault kBadCode{1002, "the server closed with a code that must not be sent (RFC 6455 section 7.4)"};
constexpr Fault kBadReason{1007, "the server gave a close reason that is not UTF-8 (RFC 6455 section 5.5.1)"};
constexpr Fault kBadText{1007, "the server sent a text message that is not UTF-8 (RFC 6455 section 8.1)"};
constexpr Fault kTooBig{1009, "the server sent a message that is larger than this client takes"};

constexpr bool isControl(Opcode opcode) {
  return (static_cast<std::uint8_t>(opcode) & 0x8) != 0;
}

constexpr bool isReserved(Opcode opcode) {
  return (static_cast<std::uint8_t>(opcode) & 0x7) > 2;
}

constexpr std::byte kWholeText{0x81};
constexpr std::byte kWholeBinary{0x82};

// RFC 6455 section 7.4 and IANA's registry, which has since added 1012 to 1014.
constexpr bool mayBeSent(std::uint16_t code) {
  const bool isRegistered = code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
  return isRegistered || (code >= 3000 && code <= 4999);
}

Opcode opcodeIn(std::byte first) {
  return static_cast<Opcode>(first & std::byte{0x0F});
}

bool isFinal(std::byte first) {
  return (first & std::byte{0x80}) != std::byte{0};
}

std::size_t headerBytes(std::byte second) {
  const auto length = std::to_integer<std::size_t>(second & std::byte{0x7F});
  return length < 126 ? 2 : length == 126 ? 4 : 10;
}

std::uint64_t readBigEndian(const std::byte* from, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value = value << 8 | std::to_integer<std::uint64_t>(from[i]);
  }
  return value;
}

std::byte* writeBigEndian(std::byte* to, std::uint64_t value, std::size_t count) {
  for (std::size_t i = count; i-- > 0; value >>= 8) {
    to[i] = static_cast<std::byte>(value);
  }
  return to + count;
}

std::string_view asText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void Decoder::feed(std::span<const std::byte> bytes) noexcept {
  assert(input_.empty());
  dropDelivered();
  if (!ended_) {
    input_ = bytes;
  }
}

std::span<std::byte> Decoder::place() noexcept {
  dropDelivered();
  if (ended_ || !inFrame_ || isControl(opcode_) || missingBytes_ < kPlacedBytes) {
    return {};
  }
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(missingBytes_, kAheadBytes));
  message_.reserve(message_.size() + wanted);
  return message_.room().first(wanted);
}

void Decoder::feedPlaced(std::size_t count, std::span<const std::byte> bytes) noexcept {
  assert(input_.empty() && inFrame_ && count > 0);
  placed_ = count;
  input_ = bytes;
}

void Decoder::takeOther(CodecEvent& event) noexcept {
  if (placed_ > 0) {
    storePlaced(event);
    if (event.type != CodecEvent::Type::NeedMore) {
      return;
    }
  }
  // A frame that ends without an event is a fragment; another may lie behind it.
  while (event.type == CodecEvent::Type::NeedMore && enterFrame(event)) {
    if (isControl(opcode_)) {
      readControlFrame(event);
    } else {
      readDataFrame(event);
    }
    if (inFrame_) {
      break;
    }
  }
}

// The common case at once: a whole message in one frame of at most 64 KiB, without anything unusual. Everything else is
// left as it is, for the long way.
bool Decoder::takeWholeMessage(CodecEvent& event) noexcept {
  constexpr std::size_t kLongHeaderBytes = 4;
  if (inFrame_ || fragmented_ || headerBytes_ != 0 || input_.size() < kLongHeaderBytes) {
    return false;
  }
  const std::byte* const header = input_.data();
  const MessageKind kind = header[0] == kWholeText ? MessageKind::Text : MessageKind::Binary;
  if (kind == MessageKind::Binary && header[0] != kWholeBinary) {
    return false;
  }
  std::size_t headerBytes = 2;
  auto length = std::to_integer<std::size_t>(header[1]);
  if (length == 126) {
    headerBytes = kLongHeaderBytes;
    length = std::to_integer<std::size_t>(header[2]) << 8 | std::to_integer<std::size_t>(header[3]);
    if (length < 126) {
      return false;
    }
  } else if (length > 126) {
    return false;
  }
  if (length > maxMessageBytes_ || length > input_.size() - headerBytes) {
    return false;
  }
  const std::span<const std::byte> payload = input_.subspan(headerBytes, length);
  if (kind == MessageKind::Text && !core::isValidUtf8(payload)) {
    return false;
  }
  input_ = input_.subspan(headerBytes + length);
  event.type = CodecEvent::Type::Message;
  event.kind = kind;
  event.payload = payload;
  return true;
}

// Whether there is a frame to read from: the present one, or the next if its header is there and right.
bool Decoder::enterFrame(CodecEvent& event) noexcept {
  if (!inFrame_ && !ended_) {
    if (const Fault* fault = readHeader()) {
      fail(event, *fault);
    }
  }
  return inFrame_ && !ended_;
}

const Fault* Decoder::readHeader() noexcept {
  if (headerBytes_ == 0 && input_.size() >= kMaxHeaderBytes) {
    const std::byte* const header = input_.data();
    if (const Fault* fault = checkFrameStart(header)) {
      return fault;
    }
    input_ = input_.subspan(headerBytes(header[1]));
    return beginFrame(header);
  }
  if (headerBytes_ < 2 && !collectHeader(2)) {
    return nullptr;
  }
  if (const Fault* fault = checkFrameStart(header_.data())) {
    return fault;
  }
  if (!collectHeader(headerBytes(header_[1]))) {
    return nullptr;
  }
  headerBytes_ = 0;
  return beginFrame(header_.data());
}

bool Decoder::collectHeader(std::size_t size) noexcept {
  const std::size_t count = std::min(size - headerBytes_, input_.size());
  std::copy_n(input_.begin(), count, header_.begin() + headerBytes_);
  headerBytes_ = static_cast<std::uint8_t>(headerBytes_ + count);
  input_ = input_.subspan(count);
  return headerBytes_ == size;
}

// The fields in the first two bytes of a frame.
const Fault* Decoder::checkFrameStart(const std::byte* header) const noexcept {
  const Opcode opcode = opcodeIn(header[0]);
  if ((header[0] & std::byte{0x70}) != std::byte{0}) {
    return &kReservedBits;
  }
  if (isReserved(opcode)) {
    return &kReservedOpcode;
  }
  if ((header[1] & std::byte{0x80}) != std::byte{0}) {
    return &kMasked;
  }
  if (isControl(opcode)) {
    if (!isFinal(header[0])) {
      return &kFragmentedControl;
    }
    return header[1] > std::byte{kMaxControlBytes} ? &kLongControl : nullptr;
  }
  if (fragmented_ != (opcode == Opcode::Continuation)) {
    return fragmented_ ? &kInterleaved : &kNothingToContinue;
  }
  return nullptr;
}

const Fault* Decoder::beginFrame(const std::byte* header) noexcept {
  std::uint64_t length = std::to_integer<std::uint64_t>(header[1]);
  if (length >= 126) {
    const std::uint64_t longest = length == 126 ? 125 : 0xFFFF;  // That the shorter form could have written.
    length = readBigEndian(header + 2, headerBytes(header[1]) - 2);
    if (length <= longest) {
      return &kLongLength;
    }
    if (length >> 63 != 0) {
      return &kHugeLength;
    }
  }
  opcode_ = opcodeIn(header[0]);
  final_ = isFinal(header[0]);
  if (!isControl(opcode_)) {
    if (length > maxMessageBytes_ - message_.size()) {
      return &kTooBig;
    }
    beginDataFrame();
  }
  frameBytes_ = missingBytes_ = length;
  inFrame_ = true;
  return nullptr;
}

void Decoder::beginDataFrame() noexcept {
  fragmented_ = !final_;
  if (opcode_ != Opcode::Continuation) {
    kind_ = opcode_ == Opcode::Text ? MessageKind::Text : MessageKind::Binary;
  }
}

// As much of the present frame's payload as there is.
std::span<const std::byte> Decoder::takePayload() noexcept {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(missingBytes_, input_.size()));
  const std::span<const std::byte> payload = input_.first(count);
  input_ = input_.subspan(count);
  missingBytes_ -= count;
  inFrame_ = missingBytes_ != 0;
  return payload;
}

void Decoder::readControlFrame(CodecEvent& event) noexcept {
  std::span<const std::byte> payload = takePayload();
  if (payload.size() != frameBytes_) {
    std::ranges::copy(payload, control_.begin() + controlBytes_);
    controlBytes_ = static_cast<std::uint8_t>(controlBytes_ + payload.size());
    if (inFrame_) {
      return;
    }
    payload = std::span(control_).first(controlBytes_);
    controlBytes_ = 0;
  }
  if (opcode_ == Opcode::Close) {
    return endWithClose(event, payload);
  }
  event.type = opcode_ == Opcode::Ping ? CodecEvent::Type::Ping : CodecEvent::Type::Pong;
  event.payload = payload;
}

void Decoder::readDataFrame(CodecEvent& event) noexcept {
  const std::span<const std::byte> chunk = takePayload();
  const bool isWholeMessage = final_ && opcode_ != Opcode::Continuation && chunk.size() == frameBytes_;
  if (!isWholeMessage) {
    return storeData(event, chunk);
  }
  if (kind_ == MessageKind::Text && !core::isValidUtf8(chunk)) {
    return fail(event, kBadText);
  }
  event.type = CodecEvent::Type::Message;
  event.kind = kind_;
  event.payload = chunk;
}

void Decoder::storeData(CodecEvent& event, std::span<const std::byte> chunk) noexcept {
  const bool isText = kind_ == MessageKind::Text;
  if (isText && !utf8_.feed(chunk)) {
    return fail(event, kBadText);
  }
  if (message_.empty()) {
    message_.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(frameBytes_, kAheadBytes)));
  }
  message_.append(chunk);
  completeMessage(event);
}

// The bytes are in the message's memory already.
void Decoder::storePlaced(CodecEvent& event) noexcept {
  const std::size_t count = std::exchange(placed_, 0);
  const std::span<const std::byte> chunk = message_.room().first(count);
  missingBytes_ -= count;
  inFrame_ = missingBytes_ != 0;
  if (kind_ == MessageKind::Text && !utf8_.feed(chunk)) {
    return fail(event, kBadText);
  }
  message_.grow(count);
  completeMessage(event);
}

void Decoder::completeMessage(CodecEvent& event) noexcept {
  if (inFrame_ || !final_) {
    return;
  }
  if (kind_ == MessageKind::Text && !utf8_.complete()) {
    return fail(event, kBadText);
  }
  delivered_ = true;
  event.type = CodecEvent::Type::Message;
  event.kind = kind_;
  event.payload = message_.bytes();
}

void Decoder::endWithClose(CodecEvent& event, std::span<const std::byte> payload) noexcept {
  if (payload.size() == 1) {
    return fail(event, kHalfCode);
  }
  std::uint16_t code = kNoCode;
  if (!payload.empty()) {
    code = static_cast<std::uint16_t>(readBigEndian(payload.data(), 2));
    if (!mayBeSent(code)) {
      return fail(event, kBadCode);
    }
    payload = payload.subspan(2);
  }
  if (!core::isValidUtf8(payload)) {
    return fail(event, kBadReason);
  }
  end();
  event.type = CodecEvent::Type::Close;
  event.code = code;
  event.text = asText(payload);
}

void Decoder::fail(CodecEvent& event, const Fault& fault) noexcept {
  end();
  event.type = CodecEvent::Type::Violation;
  event.code = fault.code;
  event.text = fault.text;
}

void Decoder::end() noexcept {
  ended_ = true;
  input_ = {};
  placed_ = 0;
  message_.release();
}

void Decoder::dropDelivered() noexcept {
  if (!delivered_) {
    return;
  }
  delivered_ = false;
  message_.clear();
  if (message_.capacity() > kKeptBytes) {
    message_.release();
  }
}

namespace {

constexpr std::size_t kMaskBit = 0x80;

/// The length of a payload of 126 bytes or more.
std::byte* writeLongLength(std::byte* to, std::size_t length) {
  const bool isShort = length <= 0xFFFF;
  return writeBigEndian(writeBigEndian(to, kMaskBit | (isShort ? 126 : 127), 1), length, isShort ? 2 : 8);
}

inline std::byte* writeHeader(std::byte* to, Opcode opcode, std::size_t length) {
  *to++ = static_cast<std::byte>(opcode) | std::byte{0x80};
  if (length < 126) {
    *to++ = static_cast<std::byte>(kMaskBit | length);
    return to;
  }
  return writeLongLength(to, length);
}

using Word = std::uint64_t;
// Vectors are named, and loops over them written out: -O2 neither unrolls them nor hides the latency of one behind the
// others (measured: 1.7 times as long for 1 MiB in the cache).
using Vector = Word __attribute__((vector_size(16)));

template <class Type>
Type load(const std::byte* at) {
  Type value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <class Type>
void store(std::byte* at, Type value) {
  std::memcpy(at, &value, sizeof value);
}

// RFC 6455 section 5.3. `to` may be the payload itself.
void copyMasked(std::byte* to, std::span<const std::byte> payload, std::uint32_t maskKey) {
  const Word mask = Word{maskKey} << 32 | maskKey;
  const Vector masks = {mask, mask};
  const std::byte* from = payload.data();
  std::size_t left = payload.size();
  constexpr std::size_t kStep = sizeof(Vector);
  for (; left >= 4 * kStep; left -= 4 * kStep) {
    const auto first = load<Vector>(from);
    const auto second = load<Vector>(from + kStep);
    const auto third = load<Vector>(from + 2 * kStep);
    const auto fourth = load<Vector>(from + 3 * kStep);
    store(to, first ^ masks);
    store(to + kStep, second ^ masks);
    store(to + 2 * kStep, third ^ masks);
    store(to + 3 * kStep, fourth ^ masks);
    to += 4 * kStep;
    from += 4 * kStep;
  }
  for (; left >= sizeof(Word); left -= sizeof(Word)) {
    store(to, load<Word>(from) ^ mask);
    to += sizeof(Word);
    from += sizeof(Word);
  }
  const auto* const key = reinterpret_cast<const std::byte*>(&mask);
  for (std::size_t i = 0; i < left; ++i) {
    to[i] = from[i] ^ key[i];
  }
}

}  // namespace

void writeFrame(std::byte* at, Opcode opcode, std::span<const std::byte> payload, std::uint32_t maskKey) noexcept {
  at = writeHeader(at, opcode, payload.size());
  std::memcpy(at, &maskKey, sizeof maskKey);
  copyMasked(at + sizeof maskKey, payload, maskKey);
}

bool frameChecked(std::byte* to, std::span<const std::byte> payload, Opcode opcode, std::uint32_t maskKey) noexcept {
  // A piece stays in the innermost cache from the check to the mask. Whole keys fit into it.
  constexpr std::size_t kPiece = 16 * 1024;
  core::Utf8Validator utf8;
  bool isValid = true;
  std::size_t done = 0;
  while (done < payload.size()) {
    const std::span<const std::byte> piece = payload.subspan(done, std::min(kPiece, payload.size() - done));
    if (opcode == Opcode::Text && !utf8.feed(piece)) {
      isValid = false;
      break;
    }
    copyMasked(to + done, piece, maskKey);
    done += piece.size();
  }
  if (!isValid || !utf8.complete()) {
    if (to == payload.data()) {
      copyMasked(to, payload.first(done), maskKey);  // The second time removes it.
    }
    return false;
  }
  std::memcpy(to - sizeof maskKey, &maskKey, sizeof maskKey);
  writeHeader(to - (frameBytes(payload.size()) - payload.size()), opcode, payload.size());
  return true;
}

OwnFrame lookAt(const std::byte* frame) noexcept {
  const auto opcode = static_cast<Opcode>(frame[0] & std::byte{0x0F});
  const auto length = static_cast<std::size_t>(frame[1] & std::byte{0x7F});
  std::size_t payloadBytes = length;
  if (length >= 126) {
    payloadBytes = readBigEndian(frame + 2, length == 126 ? 2 : 8);
  }
  return {opcode, payloadBytes, frameBytes(payloadBytes)};
}

std::span<std::byte> unmask(std::byte* frame) noexcept {
  const OwnFrame own = lookAt(frame);
  const std::span<std::byte> payload(frame + own.bytes - own.payloadBytes, own.payloadBytes);
  std::uint32_t key = 0;
  std::memcpy(&key, payload.data() - sizeof key, sizeof key);
  copyMasked(payload.data(), payload, key);
  return payload;
}

void appendFrame(ByteBuffer& out, Opcode opcode, std::span<const std::byte> payload, std::uint32_t maskKey) noexcept {
  writeFrame(out.extend(frameBytes(payload.size())), opcode, payload, maskKey);
}

void appendMessage(ByteBuffer& out, MessageKind kind, std::span<const std::byte> payload,
                   std::uint32_t maskKey) noexcept {
  appendFrame(out, opcodeOf(kind), payload, maskKey);
}

void appendPing(ByteBuffer& out, std::span<const std::byte> payload, std::uint32_t maskKey) noexcept {
  assert(payload.size() <= kMaxControlBytes);
  appendFrame(out, Opcode::Ping, payload, maskKey);
}

void appendPong(ByteBuffer& out, std::span<const std::byte> payload, std::uint32_t maskKey) noexcept {
  assert(payload.size() <= kMaxControlBytes);
  appendFrame(out, Opcode::Pong, payload, maskKey);
}

void appendClose(ByteBuffer& out, std::uint16_t code, std::string_view reason, std::uint32_t maskKey) noexcept {
  assert(reason.size() <= kMaxControlBytes - 2);
  std::array<std::byte, kMaxControlBytes> payload;
  std::size_t size = 0;
  if (code != kNoCode) {
    writeBigEndian(payload.data(), code, 2);
    std::ranges::copy(std::as_bytes(std::span(reason)), payload.begin() + 2);
    size = 2 + reason.size();
  }
  appendFrame(out, Opcode::Close, std::span(payload).first(size), maskKey);
}

}  // namespace tidewire::native
