#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct lws;

namespace ticker {

/// Part of a data message: libwebsockets hands messages over as they come in.
struct Piece {
  std::string_view bytes;
  bool binary = false;
  bool last = false;
};

/// Which frame of a message (RFC 6455 section 5.4).
struct FrameKind {
  bool binary = false;
  bool first = true;
  bool last = true;
  bool close = false;  ///< A Close frame instead.
};

/// A frame's payload, with room in front for its header.
class FrameBuffer {
 public:
  FrameBuffer() : bytes_(kMaxHeaderBytes, '\0') {}
  explicit FrameBuffer(std::string_view payload) : FrameBuffer() { append(payload); }

  void append(std::string_view bytes) { bytes_ += bytes; }
  void reserve(std::size_t payloadBytes) { bytes_.reserve(kMaxHeaderBytes + payloadBytes); }
  [[nodiscard]] std::size_t size() const { return bytes_.size() - kMaxHeaderBytes; }

  /// The whole frame, ready for the wire (RFC 6455 section 5.2).
  [[nodiscard]] std::span<unsigned char> framed(FrameKind kind);

 private:
  static constexpr std::size_t kMaxHeaderBytes = 10;

  std::string bytes_;
};

/// One WebSocket client. Each endpoint derives its own.
class Connection {
 public:
  explicit Connection(lws* socket) : socket_(socket) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  virtual void received(const Piece& piece) = 0;

  /// The peer's Close frame has come, with this code; 1005 if it has none. What is written now still goes out before
  /// ours.
  ///
  /// Returns: false if it answers ours, so that the connection shall end now.
  [[nodiscard]] virtual bool peerCloses(std::uint16_t /*code*/) { return true; }

  /// The server is about to stop. Unless the client can do something about it, the connection ends now.
  virtual void serverStops() { goAway(); }

  /// Ends the connection because the server stops.
  virtual void goAway();

  /// Writes what waits, as far as the socket takes it.
  ///
  /// Returns: false when the connection shall end now.
  [[nodiscard]] bool writable();

  /// Ends the connection with a Close frame. What waits to be sent is dropped. `reason` is cut to what fits a frame.
  void close(std::uint16_t code, std::string_view reason);

 protected:
  /// Writes one frame, if one waits.
  ///
  /// Returns: whether one did.
  virtual bool writeNext() = 0;

  /// Hands a frame over. It may be called at any time: what the socket does not take now is kept.
  void write(FrameBuffer& frame, FrameKind kind = {});
  void askWritable();
  /// Whether more of the client's shall come. What it sends meanwhile waits, and in the end so does the client.
  [[nodiscard]] virtual bool wantsToRead() const { return true; }
  /// Has come true or is no longer true: the client is read.
  virtual void readingChanged(bool /*reading*/) {}
  /// Reads, or stops reading. To be called when `wantsToRead` may have changed.
  void updateReading();
  /// Left alone, the kernel takes megabytes for a client that does not read, and they are old when it does.
  void keepSendBufferShort();
  /// Has a socket that calls itself writable take a frame of some 100 KiB whole.
  void makeRoomForFrames();
  [[nodiscard]] bool closing() const { return close_.has_value(); }
  [[nodiscard]] lws* socket() const { return socket_; }

 private:
  struct CloseFrame {
    std::uint16_t code;
    std::string reason;
  };

  /// How much may be unsent for the socket to call itself writable.
  void limitUnsent(int bytes);

  lws* socket_;
  std::optional<CloseFrame> close_;
  bool limitsUnsent_ = false;
  bool broken_ = false;
  bool reading_ = true;
};

}  // namespace ticker
