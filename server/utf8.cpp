#include "server/utf8.hpp"

#include <array>
#include <cstddef>

namespace tidewire::server {

namespace {

// How many bytes the character takes whose first byte this is; 0 if none starts so.
std::size_t lengthOf(unsigned char first) {
  if (first < 0x80) {
    return 1;
  }
  if (first < 0xc2 || first > 0xf4) {
    return 0;
  }
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

bool isCharacter(std::string_view bytes) {
  constexpr std::array<char32_t, 5> kLowest{0, 0, 0x80, 0x800, 0x10000};
  char32_t point = static_cast<unsigned char>(bytes[0]) & (0x7fU >> bytes.size());
  for (const char byte : bytes.substr(1)) {
    if ((static_cast<unsigned char>(byte) & 0xc0) != 0x80) {
      return false;
    }
    point = point << 6 | (static_cast<unsigned char>(byte) & 0x3f);
  }
  const bool surrogate = point >= 0xd800 && point <= 0xdfff;
  return bytes.size() == 1 || (point >= kLowest[bytes.size()] && point <= 0x10ffff && !surrogate);
}

}  // namespace

bool isUtf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = lengthOf(static_cast<unsigned char>(text[0]));
    if (length == 0 || length > text.size() || !isCharacter(text.substr(0, length))) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace tidewire::server
