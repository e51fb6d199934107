// Any bytes a server may send, in any pieces, must be decoded without harm and always to the same events.
//
// Input: a byte n, then n % 8 chunk sizes of one byte each, then a byte that chooses the limit, then the stream.

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "rfc6455/codec.hpp"

namespace {

using namespace tidewire;
using namespace tidewire::native;
using Bytes = std::span<const std::byte>;
using Type = CodecEvent::Type;

void require(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
  }
}

struct Input {
  std::vector<std::size_t> chunkSizes;
  std::size_t limit = 0;
  Bytes stream;
};

std::size_t takeByte(Bytes& bytes) {
  if (bytes.empty()) {
    return 0;
  }
  const auto value = std::to_integer<std::size_t>(bytes.front());
  bytes = bytes.subspan(1);
  return value;
}

Input parse(Bytes bytes) {
  constexpr std::array<std::size_t, 8> kLimits = {0, 1, 125, 126, 1000, 65'536, 1024 * 1024, 16 * 1024 * 1024};
  Input input;
  for (std::size_t left = takeByte(bytes) % 8; left > 0; --left) {
    input.chunkSizes.push_back(1 + takeByte(bytes));
  }
  input.limit = kLimits[takeByte(bytes) % kLimits.size()];
  input.stream = bytes;
  return input;
}

// Written apart from the validator: decodes code points and judges the numbers.
bool isTextByTheBook(Bytes bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto lead = std::to_integer<unsigned>(bytes[at++]);
    const int more = lead < 0x80 ? 0 : lead >> 5 == 6 ? 1 : lead >> 4 == 14 ? 2 : lead >> 3 == 30 ? 3 : -1;
    if (more < 0 || bytes.size() - at < static_cast<std::size_t>(more)) {
      return false;
    }
    unsigned codePoint = more == 0 ? lead : lead & (0x3FU >> more);
    for (int i = 0; i < more; ++i) {
      const auto next = std::to_integer<unsigned>(bytes[at++]);
      if (next >> 6 != 2) {
        return false;
      }
      codePoint = codePoint << 6 | (next & 0x3F);
    }
    constexpr std::array<unsigned, 4> kSmallest = {0, 0x80, 0x800, 0x10000};
    const bool isSurrogate = codePoint >= 0xD800 && codePoint <= 0xDFFF;
    if (codePoint < kSmallest[static_cast<std::size_t>(more)] || codePoint > 0x10FFFF || isSurrogate) {
      return false;
    }
  }
  return true;
}

struct Seen {
  Type type;
  MessageKind kind;
  std::uint16_t code;
  std::string content;

  bool operator==(const Seen&) const = default;
};

bool isTerminal(Type type) {
  return type == Type::Close || type == Type::Violation;
}

void checkEvent(const CodecEvent& event, std::size_t limit) {
  const Bytes text = std::as_bytes(std::span(event.text));
  switch (event.type) {
    case Type::NeedMore:
      break;
    case Type::Message:
      require(event.payload.size() <= limit, "a message is within the limit");
      require(event.kind == MessageKind::Binary || isTextByTheBook(event.payload), "a text message is UTF-8");
      break;
    case Type::Ping:
    case Type::Pong:
      require(event.payload.size() <= kMaxControlBytes, "a control frame is small");
      break;
    case Type::Close:
      require(event.code >= 1000 && event.code <= 4999 && event.code != 1006, "a close code is one of those allowed");
      require(text.size() <= kMaxControlBytes - 2 && isTextByTheBook(text), "a close reason is short and UTF-8");
      break;
    case Type::Violation:
      require(event.code == 1002 || event.code == 1007 || event.code == 1009, "a violation has one of three codes");
      require(!event.text.empty(), "a violation is explained");
      break;
  }
}

class Run {
 public:
  enum class Placing { Never, WherePossible };

  Run(std::size_t limit, Placing placing) : limit_(limit), placing_(placing), decoder_(limit) {}

  // From memory of just this size that is gone afterwards, so that the sanitizer sees every byte too far.
  void feed(Bytes chunk) {
    const std::span<std::byte> place = placing_ == Placing::Never ? std::span<std::byte>() : decoder_.place();
    const std::size_t placed = std::min(place.size(), chunk.size());
    std::ranges::copy(chunk.first(placed), place.begin());
    const std::vector<std::byte> memory(chunk.begin() + static_cast<std::ptrdiff_t>(placed), chunk.end());
    if (placed > 0) {
      decoder_.feedPlaced(placed, memory);
    } else {
      decoder_.feed(memory);
    }
    for (CodecEvent event = decoder_.next(); event.type != Type::NeedMore; event = decoder_.next()) {
      require(seen_.empty() || !isTerminal(seen_.back().type), "nothing comes after Close or Violation");
      checkEvent(event, limit_);
      std::string content(reinterpret_cast<const char*>(event.payload.data()), event.payload.size());
      seen_.push_back({event.type, event.kind, event.code, content.append(event.text)});
    }
    require(decoder_.heldBytes() <= std::max<std::size_t>(1024 * 1024, 2 * limit_), "memory is bounded");
  }

  const std::vector<Seen>& seen() const { return seen_; }

 private:
  std::size_t limit_;
  Placing placing_;
  Decoder decoder_;
  std::vector<Seen> seen_;
};

std::vector<Seen> decodeWhole(Bytes stream, std::size_t limit) {
  Run run(limit, Run::Placing::Never);
  run.feed(stream);
  return run.seen();
}

std::vector<Seen> decodeInChunks(const Input& input, Run::Placing placing) {
  Run run(input.limit, placing);
  Bytes rest = input.stream;
  for (std::size_t i = 0; !rest.empty(); ++i) {
    const std::size_t size = input.chunkSizes.empty() ? 1 : input.chunkSizes[i % input.chunkSizes.size()];
    const Bytes chunk = rest.first(std::min(size, rest.size()));
    run.feed(chunk);
    rest = rest.subspan(chunk.size());
  }
  // Once it has ended, even a frame that is in order says nothing.
  if (!run.seen().empty() && isTerminal(run.seen().back().type)) {
    const std::array<std::byte, 2> ping = {std::byte{0x89}, std::byte{0}};
    run.feed(ping);
  }
  return run.seen();
}

// A client's frame as the server that answers with the same message would send it.
std::vector<std::byte> unmasked(Bytes frame) {
  std::vector<std::byte> out(frame.begin(), frame.begin() + 2);
  out[1] &= std::byte{0x7F};
  const std::size_t lengthBytes = out[1] == std::byte{126} ? 2 : out[1] == std::byte{127} ? 8 : 0;
  out.insert(out.end(), frame.begin() + 2, frame.begin() + 2 + static_cast<std::ptrdiff_t>(lengthBytes));
  const Bytes key = frame.subspan(2 + lengthBytes, 4);
  const Bytes payload = frame.subspan(6 + lengthBytes);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out.push_back(payload[i] ^ key[i % 4]);
  }
  return out;
}

void checkRoundTrip(MessageKind kind, Bytes payload, std::uint32_t key) {
  ByteBuffer frame;
  appendMessage(frame, kind, payload, key);
  const std::vector<Seen> seen = decodeWhole(unmasked(frame.bytes()), payload.size());
  require(seen.size() == 1, "one frame is one event");
  if (kind == MessageKind::Text && !isTextByTheBook(payload)) {
    require(seen[0].type == Type::Violation && seen[0].code == 1007, "bad text is refused with 1007");
    return;
  }
  const std::string expected(reinterpret_cast<const char*>(payload.data()), payload.size());
  require(seen[0] == Seen{Type::Message, kind, 0, expected}, "what was encoded is decoded");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Input input = parse(std::as_bytes(std::span(data, size)));
  const std::vector<Seen> whole = decodeWhole(input.stream, input.limit);
  require(decodeInChunks(input, Run::Placing::Never) == whole, "chunks make no difference");
  require(decodeInChunks(input, Run::Placing::WherePossible) == whole, "nor does where they are received");
  std::uint32_t key = 0;
  std::memcpy(&key, data, std::min(size, sizeof key));
  checkRoundTrip(MessageKind::Text, input.stream, key);
  checkRoundTrip(MessageKind::Binary, input.stream, key);
  return 0;
}
