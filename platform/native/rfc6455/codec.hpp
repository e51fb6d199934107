#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

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

/// Result of `Decoder::next`. Its views are valid until the next call of the decoder.
struct CodecEvent {
  enum class Type : std::uint8_t {
    NeedMore,   ///< All bytes are consumed, or the stream has ended.
    Message,    ///< `kind` and `payload`: a whole message. The payload of a text message is well-formed UTF-8.
    Ping,       ///< `payload`, to be answered with a Pong of the same payload.
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

/// A reason for failing the connection (RFC 6455 section 7.1.7).
struct Fault {
  std::uint16_t code;
  std::string_view text;
};

/// Decodes the bytes behind a server's handshake response into messages and control frames.
///
/// A message that is complete in the fed bytes is returned as a view into them; only a message in pieces is copied, and
/// what follows its first piece can be received in place, without a copy. Memory grows
/// with the received bytes, whatever a header announces: 1 MiB at first, then at most twice what has arrived and 1 MiB.
/// A large message's memory is freed once the message has been returned.
class Decoder {
 public:
  /// A message of more than `maxMessageBytes`, all fragments together, is a violation (1009) as soon as a frame header
  /// announces it.
  explicit Decoder(std::size_t maxMessageBytes) noexcept : maxMessageBytes_(maxMessageBytes) {}

  /// Continues the stream with `bytes`, which are not copied. Ignored after `Close` or `Violation`.
  ///
  /// Requires: `next()` has returned `NeedMore`, or was never called; `bytes` stay unchanged until it does.
  void feed(std::span<const std::byte> bytes) noexcept;

  /// Where the next bytes of the stream may be received without a copy: room for the rest of a large message, or as
  /// much of it as may be allocated ahead. Empty if none is under way. Valid until the next call of the decoder.
  [[nodiscard]] std::span<std::byte> place() noexcept;
  /// Continues the stream with the first `count` bytes of `place()`, followed by `bytes` as in `feed`.
  ///
  /// Requires: as `feed`; `count` is not 0; `bytes` are empty unless all of `place()` was filled.
  void feedPlaced(std::size_t count, std::span<const std::byte> bytes) noexcept;

  /// Returns: the next event; always `NeedMore` after `Close` or `Violation`.
  [[nodiscard]] CodecEvent next() noexcept {
    CodecEvent event;
    next(event);
    return event;
  }
  /// The same, into `event`: returning it costs a quarter of decoding a small frame. Of a `Message` the members that do
  /// not belong to it are unspecified.
  void next(CodecEvent& event) noexcept {
    if (delivered_) {
      dropDelivered();
    }
    if (!takeWholeMessage(event)) {
      event = {};
      takeOther(event);
    }
  }

  /// Takes the memory of the message that `next` has just returned out of the decoder, with its payload. Empty if the
  /// payload is a view of the fed bytes.
  [[nodiscard]] ByteBuffer takeMessage() noexcept {
    return std::exchange(delivered_, false) ? std::exchange(message_, {}) : ByteBuffer();
  }

  /// Bytes of memory held for a message in progress or just returned.
  [[nodiscard]] std::size_t heldBytes() const noexcept { return message_.capacity(); }

 private:
  // A server's frames have no mask, so the longest header is two bytes and a 64-bit length.
  static constexpr std::size_t kMaxHeaderBytes = 10;

  bool takeWholeMessage(CodecEvent& event) noexcept;
  void takeOther(CodecEvent& event) noexcept;
  bool enterFrame(CodecEvent& event) noexcept;
  const Fault* readHeader() noexcept;
  bool collectHeader(std::size_t size) noexcept;
  const Fault* checkFrameStart(const std::byte* header) const noexcept;
  const Fault* beginFrame(const std::byte* header) noexcept;
  void beginDataFrame() noexcept;
  std::span<const std::byte> takePayload() noexcept;
  // These fill `event` if the frame completes one. It is not returned by value, because the copy would cost more than
  // decoding a small frame.
  void readControlFrame(CodecEvent& event) noexcept;
  void readDataFrame(CodecEvent& event) noexcept;
  void storeData(CodecEvent& event, std::span<const std::byte> chunk) noexcept;
  void storePlaced(CodecEvent& event) noexcept;
  void completeMessage(CodecEvent& event) noexcept;
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
  bool fragmented_ = false;  // Begun by a frame without FIN, and not yet finished by one with FIN.
  bool delivered_ = false;   // `message_` was returned by the last `next`.
  bool ended_ = false;
  core::Utf8Validator utf8_;  // Only for text in pieces; reset between messages.
  ByteBuffer message_;
  std::size_t placed_ = 0;  // Bytes in the room of `message_` that `next` has not looked at.

  // Beginning of a header or of a control frame's payload that a read cut in two.
  std::uint8_t headerBytes_ = 0;
  std::uint8_t controlBytes_ = 0;
  std::array<std::byte, kMaxHeaderBytes> header_ = {};
  std::array<std::byte, kMaxControlBytes> control_ = {};
};

/// Of data messages.
[[nodiscard]] constexpr Opcode opcodeOf(MessageKind kind) noexcept {
  return kind == MessageKind::Text ? Opcode::Text : Opcode::Binary;
}

/// The longest header of a client's frame: two bytes, a length of 64 bits, a masking key.
inline constexpr std::size_t kMaxOwnHeaderBytes = 14;

/// Length of a client's frame with `payloadBytes` bytes of payload.
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

/// Writes one masked frame with FIN set and the shortest length field to `at`, which has `frameBytes` of room.
/// `maskKey` is written in memory order, and must be unpredictable and new for each frame (RFC 6455 section 5.3).
void writeFrame(std::byte* at, Opcode opcode, std::span<const std::byte> payload, std::uint32_t maskKey) noexcept;

/// Makes the same frame around a payload at `to`, which may be the payload's own place, and checks text on the way:
/// masks it there, and writes the header in front of it.
///
/// Requires: `frameBytes(payload.size()) - payload.size()` bytes of room in front of `to`.
/// Returns: false, with the payload unchanged, for a text that is not UTF-8.
[[nodiscard]] bool frameChecked(std::byte* to, std::span<const std::byte> payload, Opcode opcode,
                                std::uint32_t maskKey) noexcept;

/// Removes the mask of a frame that `writeFrame` wrote, in place; the frame cannot be sent after that.
///
/// Returns: the payload.
[[nodiscard]] std::span<std::byte> unmask(std::byte* frame) noexcept;

// Each of these appends one masked frame with FIN set and the shortest length field. `maskKey` is written in memory
// order, and must be unpredictable and new for each frame (RFC 6455 section 5.3). `payload` must not lie in `out`.

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
