#include "test_connection.hpp"

#include <libwebsockets.h>
#include <sys/socket.h>

#include <utility>

namespace test_server {

namespace {
constexpr std::uint16_t kNoCloseFrame = 1006;  // RFC 6455 section 7.4.1
}

TestConnection::TestConnection(lws* socket, tidewire::server::Hub& hub, ticker::TurnClock& clock, Reports reports)
    : StreamConnection(socket, hub, clock), reports_(std::move(reports)), code_(kNoCloseFrame) {}

TestConnection::~TestConnection() {
  reports_.closed(code_);
}

void TestConnection::received(const ticker::Piece& piece) {
  message_ += piece.bytes;
  if (piece.last) {
    reports_.message(piece.binary, message_);
    message_.clear();
  }
  StreamConnection::received(piece);
}

bool TestConnection::peerCloses(std::uint16_t code) {
  code_ = code;
  return StreamConnection::peerCloses(code);
}

void TestConnection::send(bool binary, std::string_view payload) {
  ticker::FrameBuffer frame(payload);
  write(frame, {.binary = binary});
}

void TestConnection::cut() {
  shutdown(lws_get_socket_fd(socket()), SHUT_RDWR);  // libwebsockets finds out in its next turn.
}

}  // namespace test_server
