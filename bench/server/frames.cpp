#include "frames.hpp"

#include <cstring>

namespace bench {

void Frame::appendTo(std::string& text) const {
  const std::size_t begin = text.size();
  text.append(reinterpret_cast<const char*>(payload), size);
  auto* out = reinterpret_cast<std::uint8_t*>(text.data()) + begin;
  for (std::size_t i = 0; i < size; ++i) {
    out[i] ^= key[i & 3];
  }
}

void appendHeader(std::string& out, Opcode opcode, std::size_t size) {
  out += static_cast<char>(0x80 | static_cast<int>(opcode));
  int bytes = 0;
  if (size < 126) {
    out += static_cast<char>(size);
  } else if (size < 65'536) {
    out += static_cast<char>(126);
    bytes = 2;
  } else {
    out += static_cast<char>(127);
    bytes = 8;
  }
  while (bytes-- > 0) {
    out += static_cast<char>(size >> (8 * bytes));
  }
}

void appendFrame(std::string& out, Opcode opcode, std::string_view payload) {
  appendHeader(out, opcode, payload.size());
  out += payload;
}

std::size_t readHeader(std::string_view bytes, Frame& frame) {
  const auto* in = reinterpret_cast<const std::uint8_t*>(bytes.data());
  if (bytes.size() < 2) {
    return 0;
  }
  const std::size_t shortSize = in[1] & 0x7F;
  const std::size_t sizeBytes = shortSize < 126 ? 0 : shortSize == 126 ? 2 : 8;
  const std::size_t header = 2 + sizeBytes + 4;
  if (bytes.size() < header) {
    return 0;
  }
  frame.opcode = static_cast<Opcode>(in[0] & 0x0F);
  frame.final = (in[0] & 0x80) != 0;
  frame.size = sizeBytes == 0 ? shortSize : 0;
  for (std::size_t i = 0; i < sizeBytes; ++i) {
    frame.size = frame.size << 8 | in[2 + i];
  }
  std::memcpy(frame.key, in + 2 + sizeBytes, 4);
  return header;
}

}  // namespace bench
