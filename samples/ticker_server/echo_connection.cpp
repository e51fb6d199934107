#include "echo_connection.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ticker {

namespace {

constexpr std::size_t kFrameBytes = 64 * 1024;         // A longer message goes back in frames of this size.
constexpr std::size_t kFrameCost = 128;                // Memory that a frame takes besides its payload.
constexpr std::size_t kPauseAboveBytes = 1024 * 1024;  // Queued: no further message is read above this,
constexpr std::size_t kResumeBelowBytes = 512 * 1024;  // and reading goes on below this.
constexpr std::uint16_t kMessageTooBig = 1009;         // RFC 6455 section 7.4.1

}  // namespace

// libwebsockets would keep what did not fit, and when the peer's Close frame comes meanwhile it drops the connection
// without an answer.
EchoConnection::EchoConnection(lws* socket) : Connection(socket) {
  makeRoomForFrames();
}

void EchoConnection::received(const Piece& piece) {
  if (closing()) {
    return;
  }
  messageBytes_ += piece.bytes.size();
  if (messageBytes_ > kMaxMessageBytes) {
    message_.clear();
    queue_.clear();
    close(kMessageTooBig, "a message may have 64 MiB");
    return;
  }
  append(piece);
  if (piece.last) {
    queueMessage();
  }
}

void EchoConnection::append(const Piece& piece) {
  std::string_view rest = piece.bytes;
  do {
    if (message_.empty() || message_.back().buffer.size() == kFrameBytes) {
      message_.push_back({FrameBuffer(), {.binary = piece.binary, .first = message_.empty(), .last = false}});
      if (message_.size() > 1) {
        message_.back().buffer.reserve(kFrameBytes);  // Growing step by step would take up to twice as much.
      }
    }
    FrameBuffer& frame = message_.back().buffer;
    const std::string_view part = rest.substr(0, kFrameBytes - frame.size());
    frame.append(part);
    rest.remove_prefix(part.size());
  } while (!rest.empty());
}

void EchoConnection::queueMessage() {
  message_.back().kind.last = true;
  queuedBytes_ += messageBytes_ + message_.size() * kFrameCost;
  messageBytes_ = 0;
  std::ranges::move(message_, std::back_inserter(queue_));
  message_.clear();
  pauseOrResume();
  askWritable();
}

bool EchoConnection::writeNext() {
  if (queue_.empty()) {
    return false;
  }
  Frame& frame = queue_.front();
  write(frame.buffer, frame.kind);
  queuedBytes_ -= frame.buffer.size() + kFrameCost;
  queue_.pop_front();
  pauseOrResume();
  return true;
}

bool EchoConnection::peerCloses(std::uint16_t /*code*/) {
  while (writeNext()) {
  }
  return true;
}

// Only between messages: one that has begun is read to its end, or a client that sends it whole before it reads would
// wait for us as we wait for it.
void EchoConnection::pauseOrResume() {
  if (!paused_ && queuedBytes_ > kPauseAboveBytes) {
    paused_ = true;
  } else if (paused_ && queuedBytes_ < kResumeBelowBytes) {
    paused_ = false;
  }
  updateReading();
}

}  // namespace ticker
