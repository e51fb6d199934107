#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rfc6455/codec.hpp"

/// What the codec's tests speak in: frames as a server sends them, and what a decoder made of them, as a line of text.
namespace tidewire::native::test {

inline constexpr std::size_t kLimit = 1024 * 1024;

inline std::span<const std::byte> asBytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline std::string asString(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A string of the given bytes, NUL among them.
inline std::string octets(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) {
    bytes += static_cast<char>(value);
  }
  return bytes;
}

inline std::string bigEndian(std::uint64_t value, int count) {
  std::string bytes;
  for (int shift = 8 * (count - 1); shift >= 0; shift -= 8) {
    bytes += static_cast<char>(value >> shift);
  }
  return bytes;
}

enum class Fin { No, Yes };

/// The header of a server's frame with the shortest length field.
inline std::string header(Opcode opcode, std::uint64_t length, Fin fin = Fin::Yes) {
  const std::string first = octets({static_cast<int>(opcode) | (fin == Fin::Yes ? 0x80 : 0)});
  if (length < 126) {
    return first + bigEndian(length, 1);
  }
  return length <= 0xFFFF ? first + octets({126}) + bigEndian(length, 2) : first + octets({127}) + bigEndian(length, 8);
}

/// A server's frame: unmasked.
inline std::string frame(Opcode opcode, std::string_view payload, Fin fin = Fin::Yes) {
  return header(opcode, payload.size(), fin).append(payload);
}

inline std::string closeFrame(std::uint16_t code, std::string_view reason = {}) {
  return frame(Opcode::Close, bigEndian(code, 2).append(reason));
}

inline std::string describe(const CodecEvent& event) {
  switch (event.type) {
    case CodecEvent::Type::NeedMore:
      break;
    case CodecEvent::Type::Message:
      return (event.kind == MessageKind::Text ? "text(" : "binary(") + asString(event.payload) + ")";
    case CodecEvent::Type::Ping:
      return "ping(" + asString(event.payload) + ")";
    case CodecEvent::Type::Pong:
      return "pong(" + asString(event.payload) + ")";
    case CodecEvent::Type::Close:
      return "close(" + std::to_string(event.code) + "," + std::string(event.text) + ")";
    case CodecEvent::Type::Violation:
      CHECK(!event.text.empty());
      return "violation(" + std::to_string(event.code) + ")";
  }
  return {};
}

/// Feeds one chunk, from memory of just its size that is gone afterwards, and appends what came of it to `seen`.
inline void feedChunk(Decoder& decoder, std::string_view chunk, std::string& seen) {
  const std::vector<char> memory(chunk.begin(), chunk.end());
  decoder.feed(std::as_bytes(std::span(memory)));
  while (true) {
    const std::string event = describe(decoder.next());
    if (event.empty()) {
      return;
    }
    seen += seen.empty() ? event : " " + event;
  }
}

inline std::string decodeInChunks(std::string_view stream, std::size_t chunkBytes, std::size_t limit = kLimit) {
  Decoder decoder(limit);
  std::string seen;
  for (std::size_t at = 0; at < stream.size(); at += chunkBytes) {
    feedChunk(decoder, stream.substr(at, chunkBytes), seen);
  }
  return seen;
}

inline std::string decodeCutAt(std::string_view stream, std::size_t cut, std::size_t limit) {
  Decoder decoder(limit);
  std::string seen;
  feedChunk(decoder, stream.substr(0, cut), seen);
  feedChunk(decoder, stream.substr(cut), seen);
  return seen;
}

/// Decodes the stream whole, byte by byte, and cut in two at every place (of a long one, at every place near its ends),
/// and requires that it makes no difference.
///
/// Returns: the events, such as `ping(a) text(Hello) close(1000,bye)`.
inline std::string decode(std::string_view stream, std::size_t limit = kLimit) {
  constexpr std::size_t kNearBytes = 300;
  const std::string whole = decodeInChunks(stream, std::max<std::size_t>(stream.size(), 1), limit);
  const bool sameByteByByte = decodeInChunks(stream, 1, limit) == whole;
  CHECK(sameByteByByte);
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    if (cut < kNearBytes || stream.size() - cut < kNearBytes) {
      const bool sameWhenCut = decodeCutAt(stream, cut, limit) == whole;
      CHECK_MESSAGE(sameWhenCut, "cut at byte ", cut);
    }
  }
  return whole;
}

}  // namespace tidewire::native::test
