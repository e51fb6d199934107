#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

enum class Opcode : std::uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

/// A frame of a client, in place in the read buffer. The payload is still masked.
struct Frame {
  Opcode opcode = Opcode::Text;
  bool final = true;
  const std::uint8_t* payload = nullptr;  // Null if the frame was skipped because it is larger than the buffer.
  std::size_t size = 0;
  std::uint8_t key[4] = {};

  /// Appends the payload without its mask.
  void appendTo(std::string& text) const;
};

/// Appends an unmasked frame, as a server sends it.
void appendFrame(std::string& out, Opcode opcode, std::string_view payload);
/// Appends the header of an unmasked frame.
void appendHeader(std::string& out, Opcode opcode, std::size_t size);

/// Reads the header of a client's frame.
///
/// Returns: its length, or 0 if `bytes` does not hold all of it.
std::size_t readHeader(std::string_view bytes, Frame& frame);

}  // namespace bench
