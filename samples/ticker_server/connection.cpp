#include "connection.hpp"

#include <libwebsockets.h>

namespace ticker {

namespace {
constexpr std::size_t kMaxReasonBytes = 123;  // RFC 6455 section 5.5: 125 bytes, two of them the code.
}

FrameBuffer::FrameBuffer() : bytes_(LWS_PRE) {}

FrameBuffer::FrameBuffer(std::string_view payload) : FrameBuffer() {
  append(payload);
}

void FrameBuffer::reserve(std::size_t payloadBytes) {
  bytes_.reserve(LWS_PRE + payloadBytes);
}

std::size_t FrameBuffer::size() const {
  return bytes_.size() - LWS_PRE;
}

unsigned char* FrameBuffer::payload() {
  return bytes_.data() + LWS_PRE;
}

bool Connection::writable() {
  while (!broken_ && !close_) {
    if (lws_send_pipe_choked(socket_) != 0) {
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
  lws_rx_flow_control(socket_, 1);  // The peer's Close frame may be behind data that was not read.
  askWritable();
}

void Connection::write(FrameBuffer& frame, FrameKind kind) {
  int how = LWS_WRITE_CONTINUATION;
  if (kind.first) {
    how = kind.binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
  }
  if (!kind.last) {
    how |= LWS_WRITE_NO_FIN;
  }
  if (lws_write(socket_, frame.payload(), frame.size(), static_cast<lws_write_protocol>(how)) < 0) {
    broken_ = true;
  }
}

void Connection::askWritable() {
  lws_callback_on_writable(socket_);
}

}  // namespace ticker
