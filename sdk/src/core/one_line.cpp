#include "core/one_line.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "core/bytes.hpp"
#include "core/utf8.hpp"

namespace tidewire::core {
namespace {

constexpr std::size_t kLongestCharacter = 4;

/// The first character of `text`; if that is not UTF-8, its first byte.
std::string_view firstCharacter(std::string_view text, bool& isValid) {
  for (std::size_t size = 1; size <= std::min(text.size(), kLongestCharacter); ++size) {
    if (isValidUtf8(asBytes(text.substr(0, size)))) {
      isValid = true;
      return text.substr(0, size);
    }
  }
  isValid = false;
  return text.substr(0, 1);
}

/// Of valid UTF-8.
std::uint32_t codePoint(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  std::uint32_t code = character.size() == 1 ? lead : lead & (0xFFu >> (character.size() + 1));
  for (const char next : character.substr(1)) {
    code = code << 6 | (static_cast<unsigned char>(next) & 0x3Fu);
  }
  return code;
}

struct Range {
  std::uint32_t from;
  std::uint32_t to;
};

// Control characters (C0, DEL, C1), marks and embeddings of direction, and the separators of lines and paragraphs.
constexpr Range kHidden[] = {{0x00, 0x1F},     {0x7F, 0x9F},     {0x061C, 0x061C}, {0x200E, 0x200F},
                             {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF}};

bool isHidden(std::string_view character) {
  const std::uint32_t code = codePoint(character);
  return std::any_of(std::begin(kHidden), std::end(kHidden),
                     [code](const Range& range) { return range.from <= code && code <= range.to; });
}

void appendEscaped(std::string& line, std::string_view character) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr std::string_view kNamed = "\n\r\t";
  constexpr std::string_view kNames = "nrt";
  if (const std::size_t at = kNamed.find(character); at != std::string_view::npos) {
    line.append(1, '\\').append(1, kNames[at]);
    return;
  }
  for (const char each : character) {
    const auto value = static_cast<unsigned char>(each);
    line.append("\\x").append(1, kDigits[value >> 4]).append(1, kDigits[value & 15]);
  }
}

bool isPlain(char each) {
  return each >= ' ' && each <= '~';
}

}  // namespace

std::string oneLine(std::string_view text, std::size_t most) {
  std::string line;
  line.reserve(std::min(text.size(), most));
  while (!text.empty() && line.size() < most) {
    const auto plain = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), isPlain) - text.begin());
    line.append(text.substr(0, std::min(plain, most - line.size())));
    text.remove_prefix(plain);
    if (text.empty()) {
      break;
    }
    const std::size_t before = line.size();
    bool isValid = false;
    const std::string_view character = firstCharacter(text, isValid);
    if (isValid && !isHidden(character)) {
      line.append(character);
    } else {
      appendEscaped(line, character);
    }
    if (line.size() > most) {
      line.resize(before);
      break;
    }
    text.remove_prefix(character.size());
  }
  return line;
}

std::string inQuotes(std::string_view text) {
  return '"' + oneLine(text, kMostQuoted) + '"';
}

}  // namespace tidewire::core
