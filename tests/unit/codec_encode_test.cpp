#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <utility>

#include "frames.hpp"

namespace tidewire::native::test {
namespace {

using Key = std::array<unsigned char, 4>;

constexpr Key kKey = {0x37, 0xfa, 0x21, 0x3d};

std::uint32_t asWord(Key key) {
  return std::bit_cast<std::uint32_t>(key);
}

// What a server reads from a client's frame, worked out byte by byte as RFC 6455 section 5.3 describes it.
struct ClientFrame {
  int first = 0;
  bool masked = false;
  std::size_t headerBytes = 0;
  std::string payload = {};
};

int at(const ByteBuffer& bytes, std::size_t index) {
  return std::to_integer<int>(bytes.bytes()[index]);
}

ClientFrame readFrame(const ByteBuffer& bytes, std::size_t from = 0) {
  ClientFrame frame{.first = at(bytes, from), .masked = (at(bytes, from + 1) & 0x80) != 0};
  std::uint64_t length = static_cast<std::uint64_t>(at(bytes, from + 1) & 0x7F);
  std::size_t next = from + 2;
  const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (extra != 0) {
    length = 0;
  }
  for (std::size_t i = 0; i < extra; ++i) {
    length = length << 8 | static_cast<std::uint64_t>(at(bytes, next++));
  }
  const std::size_t key = next;
  next += 4;
  frame.headerBytes = next - from;
  for (std::uint64_t i = 0; i < length; ++i) {
    frame.payload += static_cast<char>(at(bytes, next++) ^ at(bytes, key + i % 4));
  }
  CHECK(next <= bytes.size());
  return frame;
}

std::string counting(std::size_t length) {
  std::string text;
  for (std::size_t i = 0; i < length; ++i) {
    text += static_cast<char>(i * 7 + 1);
  }
  return text;
}

TEST_CASE("encoder: the masked examples of RFC 6455 section 5.7 come out byte by byte") {
  ByteBuffer out;
  appendMessage(out, MessageKind::Text, asBytes("Hello"), asWord(kKey));
  CHECK(asString(out.bytes()) == octets({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}));
  out.clear();
  appendPong(out, asBytes("Hello"), asWord(kKey));
  CHECK(asString(out.bytes()) == octets({0x8A, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}));
}

TEST_CASE("encoder: every length and alignment is masked correctly") {
  for (std::size_t length = 0; length <= 150; ++length) {
    for (std::size_t offset = 0; offset < 16; ++offset) {
      CAPTURE(length);
      CAPTURE(offset);
      const std::string padded = std::string(offset, '-') + counting(length);
      const std::vector<char> memory(padded.begin(), padded.end());
      ByteBuffer out;
      out.append(asBytes(std::string(offset, '+')));
      appendMessage(out, MessageKind::Binary, std::as_bytes(std::span(memory)).subspan(offset), asWord(kKey));
      const ClientFrame frame = readFrame(out, offset);
      const bool isRight = frame.masked && frame.first == 0x82 && frame.payload == counting(length);
      REQUIRE(isRight);
      REQUIRE(out.size() == offset + frame.headerBytes + length);
    }
  }
}

TEST_CASE("encoder: large payloads are masked correctly") {
  for (const std::size_t length : {1023, 4096, 65'535, 65'536, 300'001}) {
    ByteBuffer out;
    appendMessage(out, MessageKind::Binary, asBytes(counting(length)), asWord(kKey));
    const bool isRight = readFrame(out).payload == counting(length);
    CHECK(isRight);
  }
}

TEST_CASE("encoder: the length takes the shortest field") {
  const auto headerBytesFor = [](std::size_t length) {
    ByteBuffer out;
    appendMessage(out, MessageKind::Binary, asBytes(std::string(length, 'x')), asWord(kKey));
    const std::size_t headerBytes = readFrame(out).headerBytes;
    CHECK(out.size() == headerBytes + length);
    return headerBytes;
  };
  CHECK(headerBytesFor(0) == 6);
  CHECK(headerBytesFor(125) == 6);
  CHECK(headerBytesFor(126) == 8);
  CHECK(headerBytesFor(65'535) == 8);
  CHECK(headerBytesFor(65'536) == 14);
}

TEST_CASE("encoder: each kind of frame has its opcode, FIN, and no reserved bit") {
  const auto firstByte = [](auto append) {
    ByteBuffer out;
    append(out);
    return at(out, 0);
  };
  CHECK(firstByte([](ByteBuffer& out) { appendMessage(out, MessageKind::Text, {}, 1); }) == 0x81);
  CHECK(firstByte([](ByteBuffer& out) { appendMessage(out, MessageKind::Binary, {}, 1); }) == 0x82);
  CHECK(firstByte([](ByteBuffer& out) { appendClose(out, 1000, "", 1); }) == 0x88);
  CHECK(firstByte([](ByteBuffer& out) { appendPing(out, {}, 1); }) == 0x89);
  CHECK(firstByte([](ByteBuffer& out) { appendPong(out, {}, 1); }) == 0x8A);
}

TEST_CASE("encoder: frames are packed one behind the other") {
  ByteBuffer out;
  std::size_t from = 0;
  for (int i = 0; i < 200; ++i) {
    appendMessage(out, MessageKind::Text, asBytes(std::to_string(i)), static_cast<std::uint32_t>(i) * 0x9E3779B9U);
  }
  for (int i = 0; i < 200; ++i) {
    const ClientFrame frame = readFrame(out, from);
    CHECK(frame.payload == std::to_string(i));
    from += frame.headerBytes + frame.payload.size();
  }
  CHECK(from == out.size());
}

TEST_CASE("encoder: a Close frame carries its code and its reason") {
  ByteBuffer out;
  appendClose(out, 1001, "going away", asWord(kKey));
  CHECK(readFrame(out).payload == "\x03\xE9going away");
  out.clear();
  appendClose(out, 4999, std::string(123, 'r'), asWord(kKey));
  CHECK(readFrame(out).payload == bigEndian(4999, 2) + std::string(123, 'r'));
}

TEST_CASE("encoder: code 1005 stands for a Close frame without a payload") {
  ByteBuffer out;
  appendClose(out, 1005, "", asWord(kKey));
  CHECK(readFrame(out).payload.empty());
  CHECK(out.size() == 6);
}

TEST_CASE("encoder: a client's decoder rejects a client's frame, because it is masked") {
  ByteBuffer out;
  appendMessage(out, MessageKind::Text, asBytes("Hello"), asWord(kKey));
  CHECK(decode(asString(out.bytes())) == "violation(1002)");
}

TEST_CASE("byte buffer: content survives growth and moves") {
  ByteBuffer buffer;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string piece = counting(static_cast<std::size_t>(i % 37));
    buffer.append(asBytes(piece));
    expected += piece;
  }
  ByteBuffer moved = std::move(buffer);
  CHECK(asString(moved.bytes()) == expected);
  ByteBuffer assigned;
  assigned.append(asBytes("old"));
  assigned = std::move(moved);
  CHECK(asString(assigned.bytes()) == expected);
}

TEST_CASE("byte buffer: clear keeps the memory and release gives it back") {
  ByteBuffer buffer;
  buffer.append(asBytes("0123456789"));
  buffer.clear();
  CHECK(buffer.empty());
  CHECK(buffer.capacity() >= 10);
  buffer.append(asBytes("ab"));
  buffer.release();
  CHECK(buffer.empty());
  CHECK(buffer.capacity() == 0);
  buffer.append(asBytes("cd"));
  CHECK(asString(buffer.bytes()) == "cd");
}

}  // namespace
}  // namespace tidewire::native::test
