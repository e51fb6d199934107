#include "closing_connection.hpp"

#include <utility>

namespace ticker {

ClosingConnection::ClosingConnection(lws* socket, std::string text, std::uint16_t code, std::string_view reason)
    : Connection(socket), text_(std::move(text)), code_(code), reason_(reason) {
  askWritable();
}

bool ClosingConnection::writeNext() {
  if (!text_.empty()) {
    FrameBuffer frame(text_);
    write(frame);
  }
  close(code_, reason_);
  return true;
}

}  // namespace ticker
