#include "connection.hpp"

#include <libwebsockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <limits>

namespace ticker {

namespace {
constexpr std::size_t kMaxReasonBytes = 123;  // RFC 6455 section 5.5: 125 bytes, two of them the code.
constexpr std::uint16_t kGoingAway = 1001;    // RFC 6455 section 7.4.1
constexpr int kUnsentBytes = 16 * 1024;
constexpr int kUnlimited = std::numeric_limits<int>::max();
constexpr int kSendBufferBytes = 256 * 1024;
constexpr int kFramesAtOnce = 32;  // Then others have their turn.
}  // namespace

std::span<unsigned char> FrameBuffer::framed(FrameKind kind) {
  const std::size_t length = size();
  const std::size_t lengthBytes = length < 126 ? 0 : length <= 0xffff ? 2 : 8;
  const std::size_t start = kMaxHeaderBytes - 2 - lengthBytes;
  const unsigned opcode = kind.close ? 8 : !kind.first ? 0 : kind.binary ? 2 : 1;
  bytes_[start] = static_cast<char>(opcode | (kind.last ? 0x80 : 0));
  bytes_[start + 1] = static_cast<char>(lengthBytes == 0 ? length : lengthBytes == 2 ? 126 : 127);
  for (std::size_t i = 0; i < lengthBytes; ++i) {
    bytes_[start + 2 + i] = static_cast<char>(length >> 8 * (lengthBytes - 1 - i));
  }
  return std::span(reinterpret_cast<unsigned char*>(bytes_.data()), bytes_.size()).subspan(start);
}

bool Connection::writable() {
  updateReading();
  for (int frames = 0; !broken_ && !close_; ++frames) {
    if (frames == kFramesAtOnce || lws_send_pipe_choked(socket_) != 0) {
      askWritable();
      return true;
    }
    if (!writeNext()) {
      return !broken_;
    }
  }
  if (!broken_) {
    lws_close_reason(socket_, static_cast<lws_close_status>(close_->code),
                     reinterpret_cast<unsigned char*>(close_->reason.data()), close_->reason.size());
  }
  return false;
}

void Connection::close(std::uint16_t code, std::string_view reason) {
  close_ = {code, std::string(reason.substr(0, kMaxReasonBytes))};
  updateReading();  // The peer's Close frame may be behind data that was not read.
  askWritable();
}

// Not with libwebsockets' framing: it takes a frame that is written behind one not yet sent for the rest of that one.
void Connection::write(FrameBuffer& frame, FrameKind kind) {
  const std::span<unsigned char> bytes = frame.framed(kind);
  limitUnsent(kUnlimited);  // Linux takes a part of a write that would exceed the limit.
  const bool written = lws_write(socket_, bytes.data(), bytes.size(), LWS_WRITE_RAW) >= 0;
  limitUnsent(kUnsentBytes);
  if (!written) {
    broken_ = true;
    return;
  }
  updateReading();
}

// While a part of a frame waits in libwebsockets, nothing is read: 4.1, told then that the client has said its last (a
// FIN), tries to close the connection over and over, and neither sends that part nor serves anybody else.
void Connection::updateReading() {
  const bool reading = lws_partial_buffered(socket_) == 0 && (close_.has_value() || wantsToRead());
  if (reading != reading_) {
    reading_ = reading;
    lws_rx_flow_control(socket_, reading ? 1 : 0);
    readingChanged(reading);
  }
}

void Connection::goAway() {
  close(kGoingAway, "the server is shutting down");
}

void Connection::keepSendBufferShort() {
  limitsUnsent_ = true;
  limitUnsent(kUnsentBytes);
}

void Connection::limitUnsent(int bytes) {
  if (limitsUnsent_) {
    setsockopt(lws_get_socket_fd(socket_), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
  }
}

void Connection::makeRoomForFrames() {
  setsockopt(lws_get_socket_fd(socket_), SOL_SOCKET, SO_SNDBUF, &kSendBufferBytes, sizeof kSendBufferBytes);
}

void Connection::askWritable() {
  lws_callback_on_writable(socket_);
}

}  // namespace ticker
