#include "core/utf8.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::core {
namespace {

std::span<const std::byte> asBytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// Checks whole, byte by byte and cut in two at every place, at several alignments and behind ASCII of several lengths:
// all must agree.
bool isValid(std::string_view text) {
  const bool whole = isValidUtf8(asBytes(text));
  for (std::size_t prefix = 0; prefix <= 40; ++prefix) {
    const std::string shifted = std::string(prefix, 'a').append(text).append(prefix / 2, 'z');
    CHECK(isValidUtf8(asBytes(shifted)) == whole);
  }
  Utf8Validator byteByByte;
  for (const char& c : text) {
    byteByByte.feed(asBytes({&c, 1}));
  }
  CHECK(byteByByte.complete() == whole);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Utf8Validator validator;
    validator.feed(asBytes(text.substr(0, cut)));
    validator.feed(asBytes(text.substr(cut)));
    CHECK(validator.complete() == whole);
  }
  return whole;
}

// How many bytes the validator takes before it refuses; more than there are if it never does.
std::size_t refusedAt(std::string_view text) {
  Utf8Validator validator;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!validator.feed(asBytes(text.substr(i, 1)))) {
      return i;
    }
  }
  return text.size();
}

std::string encoded(unsigned codePoint, int length) {
  if (length == 1) {
    return {static_cast<char>(codePoint)};
  }
  std::string text;
  for (int i = length - 1; i > 0; --i) {
    text += static_cast<char>(0x80 | (codePoint >> (6 * (length - 1 - i)) & 0x3F));
  }
  text += static_cast<char>((0xF00U >> length & 0xFF) | codePoint >> (6 * (length - 1)));
  std::reverse(text.begin(), text.end());
  return text;
}

int shortestLength(unsigned codePoint) {
  return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
}

TEST_CASE("utf-8: text of every kind is accepted") {
  CHECK(isValid(""));
  CHECK(isValid("Hello"));
  CHECK(isValid(std::string_view("a\0b", 3)));
  CHECK(isValid("\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5"));        // The Greek word of Markus Kuhn's test.
  CHECK(isValid("\xE6\xBC\xA2\xE5\xAD\x97 \xF0\x9F\x98\x80 \xC3\xA9"));  // Han, an emoji, Latin.
  CHECK(
      isValid("\xEF\xBB\xBF"
              "a byte order mark is a character"));
}

TEST_CASE("utf-8: the first and the last code point of each length are accepted") {
  for (const unsigned codePoint : {0x00U, 0x7FU, 0x80U, 0x7FFU, 0x800U, 0xFFFFU, 0x10000U, 0x10FFFFU}) {
    CAPTURE(codePoint);
    CHECK(isValid(encoded(codePoint, shortestLength(codePoint))));
  }
}

TEST_CASE("utf-8: the neighbours of the surrogates and the noncharacters are accepted") {
  for (const unsigned codePoint :
       {0xD7FFU, 0xE000U, 0xFFFDU, 0xFFFEU, 0xFFFFU, 0xFDD0U, 0xFDEFU, 0x1FFFEU, 0x10FFFFU}) {
    CAPTURE(codePoint);
    CHECK(isValid(encoded(codePoint, shortestLength(codePoint))));
  }
}

TEST_CASE("utf-8: exactly the code points but the surrogates are accepted, in their shortest form only") {
  for (unsigned codePoint = 0; codePoint <= 0x1FFFFF; ++codePoint) {
    const bool isScalar = codePoint <= 0x10FFFF && (codePoint < 0xD800 || codePoint > 0xDFFF);
    for (int length = shortestLength(codePoint); length <= 4; ++length) {
      const bool expected = isScalar && length == shortestLength(codePoint);
      if (isValidUtf8(asBytes(encoded(codePoint, length))) != expected) {
        FAIL("code point ", codePoint, " in ", length, " bytes");
      }
    }
  }
}

TEST_CASE("utf-8: forms of five and six bytes are refused") {
  CHECK(!isValid("\xF8\x88\x80\x80\x80"));
  CHECK(!isValid("\xFB\xBF\xBF\xBF\xBF"));
  CHECK(!isValid("\xFC\x84\x80\x80\x80\x80"));
  CHECK(!isValid("\xFD\xBF\xBF\xBF\xBF\xBF"));
}

TEST_CASE("utf-8: continuation bytes without a beginning are refused") {
  std::string all;
  for (int byte = 0x80; byte <= 0xBF; ++byte) {
    const std::string one(1, static_cast<char>(byte));
    CHECK(!isValid(one));
    CHECK(!isValid("a" + one + "b"));
    CHECK(!isValid("\xC3\xA9" + one));
    all += one;
  }
  CHECK(!isValid(all));
}

TEST_CASE("utf-8: a beginning without its continuation is refused") {
  for (int lead = 0xC0; lead <= 0xFF; ++lead) {
    const std::string one(1, static_cast<char>(lead));
    CHECK(!isValid(one));
    CHECK(!isValid(one + " "));
    CHECK(!isValid(one + one));
  }
}

TEST_CASE("utf-8: a character without its last byte is refused, alone, before another, and at the end") {
  const std::vector<std::string> cut = {"\xC3",     "\xDF",         "\xE0\xA0",     "\xE2\x82",
                                        "\xEF\xBF", "\xF0\x90\x80", "\xF1\x80\x80", "\xF4\x8F\xBF"};
  std::string all;
  for (const std::string& text : cut) {
    CHECK(!isValid(text));
    CHECK(!isValid(text + "a"));
    CHECK(!isValid("a" + text));
    CHECK(!isValid(text + "\xC3\xA9"));
    all += text;
  }
  CHECK(!isValid(all));
}

TEST_CASE("utf-8: a run of ASCII within a character is refused, however long") {
  for (const std::size_t length : {1, 7, 8, 9, 31, 32, 33, 64, 100, 127, 128, 129, 300}) {
    CAPTURE(length);
    CHECK(!isValid("\xC3" + std::string(length, 'a') + "\xA9"));
  }
}

TEST_CASE("utf-8: one wrong byte is found wherever it stands in a run of ASCII of any length") {
  std::size_t missed = 0;
  for (std::size_t length = 1; length <= 400; ++length) {
    std::string text(length, 'a');
    missed += isValidUtf8(asBytes(text)) ? 0 : 1;
    for (char& each : text) {
      each = '\x80';
      missed += isValidUtf8(asBytes(text)) ? 1 : 0;
      each = 'a';
    }
  }
  CHECK(missed == 0);
}

TEST_CASE("utf-8: the bytes C0, C1 and F5 to FF appear nowhere") {
  for (const int byte : {0xC0, 0xC1, 0xF5, 0xF6, 0xF7, 0xF8, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF}) {
    const std::string one(1, static_cast<char>(byte));
    CHECK(!isValid(one + "\x80\x80\x80"));
    CHECK(!isValid("\xE2" + one + "\x80"));
  }
}

TEST_CASE("utf-8: overlong forms of the slash and of NUL are refused") {
  CHECK(!isValid("\xC0\xAF"));
  CHECK(!isValid("\xE0\x80\xAF"));
  CHECK(!isValid("\xF0\x80\x80\xAF"));
  CHECK(!isValid("\xC0\x80"));
  CHECK(!isValid("\xE0\x80\x80"));
  CHECK(!isValid("\xF0\x80\x80\x80"));
  CHECK(!isValid("\xC1\xBF"));
  CHECK(!isValid("\xE0\x9F\xBF"));
  CHECK(!isValid("\xF0\x8F\xBF\xBF"));
}

TEST_CASE("utf-8: surrogates are refused, paired ones also") {
  CHECK(!isValid("\xED\xA0\x80"));
  CHECK(!isValid("\xED\xAF\xBF"));
  CHECK(!isValid("\xED\xB0\x80"));
  CHECK(!isValid("\xED\xBF\xBF"));
  CHECK(!isValid("\xED\xA0\x80\xED\xB0\x80"));
}

TEST_CASE("utf-8: malformed text is rejected at its first wrong byte") {
  CHECK(refusedAt("ab\xC0\xAF") == 2);
  CHECK(refusedAt("\xE0\x80\xAF") == 1);
  CHECK(refusedAt("\xED\xA0\x80") == 1);
  CHECK(refusedAt("\xF0\x8F\xBF\xBF") == 1);
  CHECK(refusedAt("\xF4\x90\x80\x80") == 1);
  CHECK(refusedAt("\xF1\x80\x80\x41") == 3);
  CHECK(refusedAt("\xE2\x82") == 2);
}

TEST_CASE("utf-8: a validator that has refused stays so until it is reset") {
  Utf8Validator validator;
  CHECK(!validator.feed(asBytes("\xFF")));
  CHECK(!validator.feed(asBytes("fine")));
  CHECK(!validator.feed({}));
  CHECK(!validator.complete());
  validator.reset();
  CHECK(validator.feed(asBytes("fine")));
  CHECK(validator.complete());
}

TEST_CASE("utf-8: an unfinished character is no error yet, but not complete") {
  Utf8Validator validator;
  CHECK(validator.feed(asBytes("price: \xE2\x82")));
  CHECK(!validator.complete());
  CHECK(validator.feed(asBytes("\xAC")));
  CHECK(validator.complete());
}

}  // namespace
}  // namespace tidewire::core
