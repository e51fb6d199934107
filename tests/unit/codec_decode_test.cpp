#include <doctest/doctest.h>

#include "frames.hpp"

namespace tidewire::native::test {
namespace {

const std::string kViolation = "violation(1002)";
const std::string kBadUtf8 = "violation(1007)";
const std::string kTooBig = "violation(1009)";

std::string text(std::string_view payload) {
  return "text(" + std::string(payload) + ")";
}
std::string binary(std::string_view payload) {
  return "binary(" + std::string(payload) + ")";
}

// Large payloads would make unreadable failures, so they are compared here.
bool decodesTo(const std::string& stream, const std::string& events) {
  return decode(stream) == events;
}

TEST_CASE("decoder: the examples of RFC 6455 section 5.7 are understood") {
  const std::string hello = octets({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f});
  CHECK(decode(hello) == "text(Hello)");
  const std::string fragmented = octets({0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f});
  CHECK(decode(fragmented) == "text(Hello)");
  CHECK(decode(octets({0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f})) == "ping(Hello)");
  CHECK(decode(octets({0x8A, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f})) == "pong(Hello)");
  const std::string small(256, 'x');
  CHECK(decodesTo(octets({0x82, 0x7E, 0x01, 0x00}) + small, binary(small)));
  const std::string large(65'536, 'y');
  CHECK(decodesTo(octets({0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0}) + large, binary(large)));
}

TEST_CASE("decoder: every length is read, at the borders of the three length fields also") {
  for (const std::size_t length : {0, 1, 2, 125, 126, 127, 255, 256, 65'534, 65'535, 65'536, 65'537, 200'000}) {
    CAPTURE(length);
    const std::string payload(length, '\x01');
    CHECK(decodesTo(frame(Opcode::Binary, payload), binary(payload)));
  }
}

TEST_CASE("decoder: messages that arrive together come out one by one, in order") {
  const std::string stream = frame(Opcode::Text, "a") + frame(Opcode::Binary, "bc") + frame(Opcode::Text, "") +
                             frame(Opcode::Binary, "") + frame(Opcode::Text, "d");
  CHECK(decode(stream) == "text(a) binary(bc) text() binary() text(d)");
}

TEST_CASE("decoder: NUL is a byte like any other") {
  const std::string payload = octets({'a', 0, 'b', 0});
  CHECK(decode(frame(Opcode::Text, payload)) == text(payload));
}

TEST_CASE("decoder: a whole message is a view into the fed bytes") {
  const std::string stream = frame(Opcode::Binary, "0123456789");
  Decoder decoder(kLimit);
  decoder.feed(asBytes(stream));
  const CodecEvent event = decoder.next();
  CHECK(event.payload.data() == asBytes(stream).data() + 2);
  CHECK(decoder.heldBytes() == 0);
}

TEST_CASE("decoder: before anything is fed, and after an empty read, more is needed") {
  Decoder decoder(kLimit);
  CHECK(decoder.next().type == CodecEvent::Type::NeedMore);
  decoder.feed({});
  CHECK(decoder.next().type == CodecEvent::Type::NeedMore);
  CHECK(decoder.next().type == CodecEvent::Type::NeedMore);
}

TEST_CASE("decoder: fragments are joined, empty ones also") {
  const std::string stream = frame(Opcode::Text, "", Fin::No) + frame(Opcode::Continuation, "He", Fin::No) +
                             frame(Opcode::Continuation, "", Fin::No) + frame(Opcode::Continuation, "llo", Fin::No) +
                             frame(Opcode::Continuation, "");
  CHECK(decode(stream) == "text(Hello)");
  CHECK(decode(frame(Opcode::Binary, "", Fin::No) + frame(Opcode::Continuation, "")) == "binary()");
}

TEST_CASE("decoder: one fragmented message after another keeps its own kind and content") {
  const std::string stream = frame(Opcode::Text, "a", Fin::No) + frame(Opcode::Continuation, "b") +
                             frame(Opcode::Binary, "c", Fin::No) + frame(Opcode::Continuation, "d") +
                             frame(Opcode::Text, "e");
  CHECK(decode(stream) == "text(ab) binary(cd) text(e)");
}

TEST_CASE("decoder: a message of a thousand fragments is joined") {
  std::string stream = frame(Opcode::Binary, "0", Fin::No);
  for (int i = 1; i < 1000; ++i) {
    stream += frame(Opcode::Continuation, std::to_string(i % 10), i == 999 ? Fin::Yes : Fin::No);
  }
  std::string payload;
  for (int i = 0; i < 1000; ++i) {
    payload += std::to_string(i % 10);
  }
  CHECK(decodesTo(stream, binary(payload)));
}

TEST_CASE("decoder: control frames between fragments come out before the message, bunched ones also") {
  const std::string stream = frame(Opcode::Text, "He", Fin::No) + frame(Opcode::Ping, "1") + frame(Opcode::Ping, "2") +
                             frame(Opcode::Pong, "") + frame(Opcode::Continuation, "l", Fin::No) +
                             frame(Opcode::Ping, "3") + frame(Opcode::Continuation, "lo");
  CHECK(decode(stream) == "ping(1) ping(2) pong() ping(3) text(Hello)");
}

TEST_CASE("decoder: a Close frame between fragments ends the stream") {
  CHECK(decode(frame(Opcode::Text, "He", Fin::No) + closeFrame(1001)) == "close(1001,)");
}

TEST_CASE("decoder: a control frame may have 125 bytes") {
  const std::string payload(125, 'p');
  CHECK(decode(frame(Opcode::Ping, payload) + frame(Opcode::Pong, payload)) ==
        "ping(" + payload + ") pong(" + payload + ")");
}

TEST_CASE("decoder: a control frame of more than 125 bytes is a violation") {
  for (const Opcode opcode : {Opcode::Ping, Opcode::Pong, Opcode::Close}) {
    CHECK(decode(frame(opcode, std::string(126, 'p'))) == kViolation);
    CHECK(decode(header(opcode, 65'536)) == kViolation);
  }
}

TEST_CASE("decoder: a fragmented control frame is a violation") {
  for (const Opcode opcode : {Opcode::Ping, Opcode::Pong, Opcode::Close}) {
    CHECK(decode(frame(opcode, "", Fin::No)) == kViolation);
  }
}

TEST_CASE("decoder: each reserved bit is a violation, on every frame") {
  for (const int bit : {0x40, 0x20, 0x10, 0x70}) {
    for (const int opcode : {0x1, 0x2, 0x8, 0x9, 0xA}) {
      CHECK(decode(octets({0x80 | bit | opcode, 0})) == kViolation);
    }
    CHECK(decode(frame(Opcode::Text, "a", Fin::No) + octets({0x80 | bit, 0})) == kViolation);
  }
}

TEST_CASE("decoder: each reserved opcode is a violation") {
  for (const int opcode : {0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF}) {
    CAPTURE(opcode);
    CHECK(decode(octets({0x80 | opcode, 0})) == kViolation);
    CHECK(decode(octets({opcode, 0})) == kViolation);
  }
}

TEST_CASE("decoder: a masked frame from a server is a violation, detected at its first two bytes") {
  CHECK(decode(octets({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58})) == kViolation);
  CHECK(decode(octets({0x89, 0x80})) == kViolation);
  CHECK(decode(octets({0x82, 0xFF})) == kViolation);
}

TEST_CASE("decoder: a continuation without a beginning is a violation") {
  CHECK(decode(frame(Opcode::Continuation, "a")) == kViolation);
  CHECK(decode(frame(Opcode::Continuation, "a", Fin::No)) == kViolation);
  CHECK(decode(frame(Opcode::Text, "a") + frame(Opcode::Continuation, "b")) == "text(a) " + kViolation);
  const std::string joined = frame(Opcode::Text, "a", Fin::No) + frame(Opcode::Continuation, "b");
  CHECK(decode(joined + frame(Opcode::Continuation, "c")) == "text(ab) " + kViolation);
}

TEST_CASE("decoder: a message that begins inside of another is a violation") {
  for (const Opcode opcode : {Opcode::Text, Opcode::Binary}) {
    CHECK(decode(frame(Opcode::Text, "a", Fin::No) + frame(opcode, "b")) == kViolation);
    CHECK(decode(frame(Opcode::Binary, "a", Fin::No) + frame(opcode, "b", Fin::No)) == kViolation);
  }
}

TEST_CASE("decoder: a length in more bytes than it takes is a violation") {
  for (const int length : {0, 1, 125}) {
    CHECK(decode(octets({0x82, 126}) + bigEndian(static_cast<std::uint64_t>(length), 2)) == kViolation);
  }
  for (const int length : {0, 125, 126, 65'535}) {
    CHECK(decode(octets({0x82, 127}) + bigEndian(static_cast<std::uint64_t>(length), 8)) == kViolation);
  }
}

TEST_CASE("decoder: the top bit of a 64-bit length is a violation") {
  CHECK(decode(octets({0x82, 127, 0x80, 0, 0, 0, 0, 1, 0, 0})) == kViolation);
  CHECK(decode(octets({0x82, 127, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF})) == kViolation);
}

TEST_CASE("decoder: a Close frame yields its code and its reason") {
  CHECK(decode(closeFrame(1000, "bye")) == "close(1000,bye)");
  CHECK(decode(closeFrame(4999)) == "close(4999,)");
  CHECK(decode(closeFrame(1000, "\xC3\xA9t\xC3\xA9")) == "close(1000,\xC3\xA9t\xC3\xA9)");
  const std::string longest(123, 'r');
  CHECK(decode(closeFrame(3000, longest)) == "close(3000," + longest + ")");
}

TEST_CASE("decoder: a Close frame without a payload has code 1005") {
  CHECK(decode(frame(Opcode::Close, "")) == "close(1005,)");
}

TEST_CASE("decoder: a Close frame of one byte is a violation") {
  CHECK(decode(frame(Opcode::Close, "\x03")) == kViolation);
  CHECK(decode(frame(Opcode::Close, "\x03") + "\xE8") == kViolation);  // With what follows it would be 1000.
}

TEST_CASE("decoder: exactly the close codes that may be sent are accepted") {
  for (int code = 0; code <= 0xFFFF; ++code) {
    const bool isDefined = code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
    const bool isAllowed = isDefined || (code >= 3000 && code < 5000);
    const std::string expected = isAllowed ? "close(" + std::to_string(code) + ",)" : kViolation;
    const std::string seen = decodeInChunks(closeFrame(static_cast<std::uint16_t>(code)), 4);
    REQUIRE_MESSAGE(seen == expected, "code ", code);
  }
}

TEST_CASE("decoder: a close reason that is not UTF-8 is a violation") {
  CHECK(decode(closeFrame(1000, "\xFF")) == kBadUtf8);
  CHECK(decode(closeFrame(1000, "cut \xE2\x82")) == kBadUtf8);
}

TEST_CASE("decoder: text is checked, whole or in fragments, and binary is not") {
  CHECK(decode(frame(Opcode::Text, "\xC3\x28")) == kBadUtf8);
  CHECK(decode(frame(Opcode::Binary, "\xC3\x28")) == "binary(\xC3\x28)");
  CHECK(decode(frame(Opcode::Text, "ok", Fin::No) + frame(Opcode::Continuation, "\xFF")) == kBadUtf8);
  CHECK(decode(frame(Opcode::Binary, "\xFF", Fin::No) + frame(Opcode::Continuation, "\xFF")) == "binary(\xFF\xFF)");
  CHECK(decode(frame(Opcode::Text, "\xED\xA0\x80")) == kBadUtf8);
}

TEST_CASE("decoder: a character may be divided among fragments, with control frames between") {
  const std::string euro = "\xE2\x82\xAC";
  const std::string stream = frame(Opcode::Text, euro.substr(0, 1), Fin::No) + frame(Opcode::Ping, "\xFF") +
                             frame(Opcode::Continuation, euro.substr(1, 1), Fin::No) +
                             frame(Opcode::Continuation, euro.substr(2));
  CHECK(decode(stream) == "ping(\xFF) " + text(euro));
}

TEST_CASE("decoder: text that ends within a character is a violation") {
  CHECK(decode(frame(Opcode::Text, "\xE2\x82")) == kBadUtf8);
  CHECK(decode(frame(Opcode::Text, "\xE2", Fin::No) + frame(Opcode::Continuation, "\x82")) == kBadUtf8);
  CHECK(decode(frame(Opcode::Text, "\xE2", Fin::No) + frame(Opcode::Continuation, "")) == kBadUtf8);
}

TEST_CASE("decoder: an unfinished character does not reach into the next message") {
  const std::string stream = frame(Opcode::Text, "a\xC3\xA9", Fin::No) + frame(Opcode::Continuation, "\xC3\xA9") +
                             frame(Opcode::Text, "b", Fin::No) + frame(Opcode::Continuation, "c");
  CHECK(decode(stream) == "text(a\xC3\xA9\xC3\xA9) text(bc)");
}

TEST_CASE("decoder: bad text fails as soon as it arrives, long before its frame ends") {
  CHECK(decode(header(Opcode::Text, 1'000'000) + "fine so far \xF5") == kBadUtf8);
  CHECK(decode(header(Opcode::Text, 1'000'000) + "surrogate \xED\xA0") == kBadUtf8);
  CHECK(decode(header(Opcode::Text, 1'000'000) + "unfinished \xF0\x90") == "");
}

TEST_CASE("decoder: a message of exactly the limit is taken, a byte more is refused") {
  CHECK(decode(frame(Opcode::Binary, "12345678"), 8) == "binary(12345678)");
  CHECK(decode(frame(Opcode::Binary, "123456789"), 8) == kTooBig);
  CHECK(decode(frame(Opcode::Text, ""), 0) == "text()");
  CHECK(decode(frame(Opcode::Text, "a"), 0) == kTooBig);
}

TEST_CASE("decoder: a message that is too big is refused by its header alone") {
  CHECK(decode(header(Opcode::Text, kLimit + 1)) == kTooBig);
  CHECK(decode(header(Opcode::Binary, 0x7FFF'FFFF'FFFF'FFFF)) == kTooBig);
  CHECK(decode(header(Opcode::Binary, kLimit)) == "");
}

TEST_CASE("decoder: the fragments of a message count together, those of two messages do not") {
  const std::string five = frame(Opcode::Binary, "12345", Fin::No);
  CHECK(decode(five + frame(Opcode::Continuation, "678"), 8) == "binary(12345678)");
  CHECK(decode(five + header(Opcode::Continuation, 4), 8) == kTooBig);
  CHECK(decode(five + header(Opcode::Continuation, 0x7FFF'FFFF'FFFF'FFFF), 8) == kTooBig);
  const std::string eight = five + frame(Opcode::Continuation, "678");
  CHECK(decode(eight + eight, 8) == "binary(12345678) binary(12345678)");
}

TEST_CASE("decoder: control frames do not count towards the limit") {
  CHECK(decode(frame(Opcode::Ping, "123456789"), 8) == "ping(123456789)");
}

TEST_CASE("decoder: nothing comes after a Close frame") {
  CHECK(decode(closeFrame(1000) + frame(Opcode::Text, "late") + closeFrame(1001)) == "close(1000,)");
}

TEST_CASE("decoder: nothing comes after a violation") {
  CHECK(decode(octets({0x83, 0}) + frame(Opcode::Text, "late") + closeFrame(1000)) == kViolation);
  CHECK(decode(frame(Opcode::Text, "\xFF") + frame(Opcode::Ping, "late")) == kBadUtf8);
}

TEST_CASE("decoder: the views of an event stay good until the decoder is called again") {
  const std::string stream = frame(Opcode::Text, "one") + frame(Opcode::Ping, "two") + closeFrame(1000, "three");
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    Decoder decoder(kLimit);
    std::string seen;
    feedChunk(decoder, std::string_view(stream).substr(0, cut), seen);
    const std::string rest = stream.substr(cut);
    decoder.feed(asBytes(rest));
    CodecEvent last;
    for (CodecEvent event = decoder.next(); event.type != CodecEvent::Type::NeedMore; event = decoder.next()) {
      last = event;
      if (event.type == CodecEvent::Type::Close) {
        break;
      }
    }
    CHECK(describe(last) == "close(1000,three)");
  }
}

TEST_CASE("decoder: a header's word alone takes no more than 1 MiB of memory") {
  constexpr std::size_t kGiB = 1024 * 1024 * 1024;
  Decoder decoder(kGiB);
  std::string seen;
  feedChunk(decoder, header(Opcode::Binary, kGiB) + "x", seen);
  CHECK(decoder.heldBytes() <= 1024 * 1024);
  CHECK(seen.empty());
}

TEST_CASE("decoder: memory grows with the received bytes") {
  constexpr std::size_t kMiB = 1024 * 1024;
  Decoder decoder(64 * kMiB);
  std::string seen;
  feedChunk(decoder, header(Opcode::Binary, 64 * kMiB), seen);
  const std::string chunk(kMiB, 'c');
  for (std::size_t arrived = kMiB; arrived <= 8 * kMiB; arrived += kMiB) {
    feedChunk(decoder, chunk, seen);
    CHECK(decoder.heldBytes() >= arrived);
    CHECK(decoder.heldBytes() <= 2 * arrived);
  }
}

TEST_CASE("decoder: the memory of a large message is given back once it was handed out") {
  Decoder decoder(kLimit);
  std::string seen;
  const std::string payload(500'000, 'm');
  const std::string stream = frame(Opcode::Binary, payload);
  feedChunk(decoder, std::string_view(stream).substr(0, 1000), seen);
  CHECK(decoder.heldBytes() >= payload.size());
  feedChunk(decoder, std::string_view(stream).substr(1000), seen);
  CHECK(seen.size() == binary(payload).size());
  CHECK(decoder.heldBytes() <= 16 * 1024);
}

TEST_CASE("decoder: a violation gives the memory of the message back") {
  Decoder decoder(kLimit);
  std::string seen;
  feedChunk(decoder, header(Opcode::Text, 500'000) + "abc", seen);
  feedChunk(decoder, "\xFF", seen);
  CHECK(seen == kBadUtf8);
  CHECK(decoder.heldBytes() == 0);
}

// Bytes received in place.

/// Feeds `chunk` as a reader would that has as much room in place as the decoder gives; returns how many bytes went
/// there.
std::size_t receive(Decoder& decoder, std::string_view chunk, std::string& seen) {
  const std::span<std::byte> place = decoder.place();
  const std::size_t placed = std::min(place.size(), chunk.size());
  std::ranges::copy(asBytes(chunk.substr(0, placed)), place.begin());
  if (placed > 0) {
    decoder.feedPlaced(placed, asBytes(chunk.substr(placed)));
  } else {
    decoder.feed(asBytes(chunk));
  }
  for (CodecEvent event = decoder.next(); event.type != CodecEvent::Type::NeedMore; event = decoder.next()) {
    seen += describe(event);
  }
  return placed;
}

std::string lettersOf(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += static_cast<char>('a' + i % 23);
  }
  return text;
}

TEST_CASE("decoder: the rest of a large message is received in place, and what follows it is decoded") {
  const std::string payload = lettersOf(300'000);
  const std::string stream = frame(Opcode::Text, payload) + frame(Opcode::Ping, "p") + frame(Opcode::Text, "next");
  Decoder decoder(kLimit);
  std::string seen;
  CHECK(receive(decoder, std::string_view(stream).substr(0, 100'000), seen) == 0);
  CHECK(receive(decoder, std::string_view(stream).substr(100'000, 100'000), seen) == 100'000);
  CHECK(receive(decoder, std::string_view(stream).substr(200'000), seen) == payload.size() + 10 - 200'000);
  CHECK(seen == text(payload) + "ping(p)" + text("next"));
  CHECK(decoder.place().empty());
}

TEST_CASE("decoder: fragments are joined in place") {
  const std::string payload = lettersOf(100'000);
  const std::string stream = frame(Opcode::Binary, std::string_view(payload).substr(0, 40'000), Fin::No) +
                             frame(Opcode::Ping, "between") +
                             frame(Opcode::Continuation, std::string_view(payload).substr(40'000));
  Decoder decoder(kLimit);
  std::string seen;
  std::size_t placed = 0;
  for (std::size_t at = 0; at < stream.size(); at += 1000) {
    placed += receive(decoder, std::string_view(stream).substr(at, 1000), seen);
  }
  CHECK(seen == "ping(between)" + binary(payload));
  CHECK(placed > 50'000);
}

TEST_CASE("decoder: no place is given between messages, for the end of a message, for a control frame, after the end") {
  Decoder decoder(kLimit);
  std::string seen;
  CHECK(decoder.place().empty());
  (void)receive(decoder, header(Opcode::Binary, 1000), seen);
  CHECK(decoder.place().empty());
  (void)receive(decoder, std::string(1000, 'x') + header(Opcode::Ping, 100) + "p", seen);
  CHECK(decoder.place().empty());

  Decoder failing(kLimit);
  (void)receive(failing, header(Opcode::Text, 500'000), seen);
  CHECK(failing.place().size() == 500'000);
  (void)receive(failing, "\xFF", seen);
  CHECK(seen.ends_with(kBadUtf8));
  CHECK(failing.place().empty());
  CHECK(failing.heldBytes() == 0);
}

TEST_CASE("decoder: place is given at most 1 MiB ahead of what has arrived") {
  constexpr std::size_t kMiB = 1024 * 1024;
  Decoder decoder(64 * kMiB);
  std::string seen;
  (void)receive(decoder, header(Opcode::Binary, 64 * kMiB), seen);
  for (std::size_t arrived = 0; arrived < 4 * kMiB; arrived += kMiB) {
    CHECK(decoder.place().size() == kMiB);
    CHECK(decoder.heldBytes() <= std::max(kMiB, 2 * arrived + 2 * kMiB));
    (void)receive(decoder, std::string(kMiB, 'c'), seen);
  }
}

}  // namespace
}  // namespace tidewire::native::test
