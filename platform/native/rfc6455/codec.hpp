#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/utf8.hpp"
#include "rfc6455/byte_buffer.hpp"
#include "tidewire/message.hpp"

/// RFC 6455 framing from the client's side, without I/O: bytes in, events out, and frames into a buffer.
namespace tidewire::native {

/// RFC 6455 section 5.2.
enum class Opcode : std::uint8_t {
  Continuation = 0x0,
  Text = 0x1,
  Binary = 0x2,
  Close = 0x8,
  Ping = 0x9,
  Pong = 0xA,
};

/// The largest payload of a control frame (RFC 6455 section 5.5).
inline constexpr std::size_t kMaxControlBytes = 125;

/// What `Decoder::next` answers. Its views are valid until the decoder is called again.
struct CodecEvent {
  enum class Type : std::uint8_t {
    NeedMore,   ///< What was fed is used up, or the stream has ended.
    Message,    ///< `kind` and `payload`: a whole message. The payload of a text message is well-formed UTF-8.
    Ping,       ///< `payload`, to be answered with a Pong that carries the same.
    Pong,       ///< `payload`.
    Close,      ///< `code` (1005 if the frame had none) and `text`, the peer's reason. The last event.
    Violation,  ///< `code` to close with (1002, 1007 or 1009) and `text` for people. The last event.
  };

  Type type = Type::NeedMore;
  MessageKind kind = MessageKind::Binary;
  std::uint16_t code = 0;
  std::span<const std::byte> payload = {};
  std::string_view text = {};
};

/// One of the reasons for which a client fails a connection.
struct Fault {
  std::uint16_t code;
  std::string_view text;
};

/// Turns the bytes that a server sends after its handshake into messages and control frames.
///
/// A message that lies whole in what was fed is handed out as a view into it; only what came in pieces is copied.
/// Memory grows with the bytes that arrived, at most 1 MiB ahead of them whatever a header announces, and a large
/// message's memory is given back when the message has been handed out.
class Decoder {
 public:
  /// A message of more than `maxMessageBytes`, all fragments together, is a violation (1009) as soon as a frame header
  /// announces it.
  explicit Decoder(std::size_t maxMessageBytes) noexcept : maxMessageBytes_(maxMessageBytes) {}

  /// Continues the stream with `bytes`, which are looked at in place. After `Close` or `Violation` they are ignored.
  ///
  /// Requires: `next()` has answered `NeedMore`, or was never called; `bytes` stay unchanged until it does.
  void feed(std::span<const std::byte> bytes) noexcept;

  /// Returns: the next event; `NeedMore` for good once `Close` or `Violation` was answered.
  [[nodiscard]] CodecEvent next() noexcept;

  /// How much memory is held for a message that is in progress or was just handed out.
  [[nodiscard]] std::size_t heldBytes() const noexcept { return message_.capacity(); }

 private:
  // A server's frames have no mask, so the longest header is two bytes and a 64-bit length.
  static constexpr std::size_t kMaxHeaderBytes = 10;

  bool enterFrame(CodecEvent& event) noexcept;
  const Fault* readHeader() noexcept;
  bool collectHeader(std::size_t size) noexcept;
  const Fault* checkFrameStart(const std::byte* header) const noexcept;
  const Fault* beginFrame(const std::byte* header) noexcept;
  void beginDataFrame() noexcept;
  std::span<const std::byte> takePayload() noexcept;
  // These fill `event` in if the frame completes one. It is not returned by value, because copying what was just
  // written field by field costs more than decoding a small frame.
  void readControlFrame(CodecEvent& event) noexcept;
  void readDataFrame(CodecEvent& event) noexcept;
  void storeData(CodecEvent& event, std::span<const std::byte> chunk) noexcept;
  void endWithClose(CodecEvent& event, std::span<const std::byte> payload) noexcept;
  void fail(CodecEvent& event, const Fault& fault) noexcept;
  void end() noexcept;
  void dropDelivered() noexcept;

  std::size_t maxMessageBytes_;
  std::span<const std::byte> input_ = {};

  // The present frame.
  std::uint64_t frameBytes_ = 0;
  std::uint64_t missingBytes_ = 0;
  Opcode opcode_ = Opcode::Continuation;
  bool final_ = false;
  bool inFrame_ = false;

  // The present message.
  MessageKind kind_ = MessageKind::Binary;
  bool fragmented_ = false;  // A frame without FIN began it, and none with FIN has continued it yet.
  bool delivered_ = false;   // `message_` was handed out by the last `next`.
  bool ended_ = false;
  core::Utf8Validator utf8_;  // Only of text that comes in pieces; between messages it stands at its start.
  ByteBuffer message_;

  // What a read cut in two: a header, or the payload of a control frame.
  std::uint8_t headerBytes_ = 0;
  std::uint8_t controlBytes_ = 0;
  std::array<std::byte, kMaxHeaderBytes> header_ = {};
  std::array<std::byte, kMaxControlBytes> control_ = {};
};

/// How long a client's frame with a payload of `payloadBytes` is.
[[nodiscard]] constexpr std::size_t frameBytes(std::size_t payloadBytes) noexcept {
  return (payloadBytes < 126 ? 2u : payloadBytes <= 0xFFFF ? 4u : 10u) + sizeof(std::uint32_t) + payloadBytes;
}

/// A frame that `writeFrame` wrote.
struct OwnFrame {
  Opcode opcode;
  std::size_t payloadBytes;
  std::size_t bytes;
};
[[nodiscard]] OwnFrame lookAt(const std::byte* frame) noexcept;

/// Writes one masked frame with FIN set and the shortest length field to `at`, which has `frameBytes` of room. The rest
/// as for `appendFrame`.
void writeFrame(std::byte* at, Opcode opcode, std::span<const std::byte> payload, std::uint32_t maskKey) noexcept;

/// Removes the mask of a frame that `writeFrame` wrote, in place; the frame cannot be sent after that. Returns the
/// payload.
[[nodiscard]] std::span<std::byte> unmask(std::byte* frame) noexcept;

// Each of these appends one masked frame with FIN set and the shortest length field. `maskKey` goes out as its bytes
// lie in memory, and must be unpredictable and new for each frame (RFC 6455 section 5.3). `payload` must not lie in
// `out`.

void appendFrame(ByteBuffer& out, Opcode opcode, std::span<const std::byte> payload, std::uint32_t maskKey) noexcept;
void appendMessage(ByteBuffer& out, MessageKind kind, std::span<const std::byte> payload,
                   std::uint32_t maskKey) noexcept;
/// Requires: a payload of at most `kMaxControlBytes`; the same for `appendPong`.
void appendPing(ByteBuffer& out, std::span<const std::byte> payload, std::uint32_t maskKey) noexcept;
void appendPong(ByteBuffer& out, std::span<const std::byte> payload, std::uint32_t maskKey) noexcept;
/// Code 1005 stands for a frame without code and reason.
///
/// Requires: a reason of at most 123 bytes.
void appendClose(ByteBuffer& out, std::uint16_t code, std::string_view reason, std::uint32_t maskKey) noexcept;

}  // namespace tidewire::native
