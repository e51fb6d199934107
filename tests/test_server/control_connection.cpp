#include "control_connection.hpp"

#include <utility>

namespace test_server {

ControlConnection::ControlConnection(lws* socket, std::deque<std::string>& outgoing, Calls calls)
    : Connection(socket), outgoing_(outgoing), calls_(std::move(calls)) {
  askWritable();
}

void ControlConnection::received(const ticker::Piece& piece) {
  message_ += piece.bytes;
  if (piece.last) {
    calls_.received(std::exchange(message_, {}));
  }
}

bool ControlConnection::writeNext() {
  if (outgoing_.empty()) {
    return false;
  }
  ticker::FrameBuffer frame(outgoing_.front());
  outgoing_.pop_front();
  write(frame, {.binary = true});
  return true;
}

}  // namespace test_server
