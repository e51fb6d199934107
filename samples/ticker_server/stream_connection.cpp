#include "stream_connection.hpp"

#include <algorithm>

namespace ticker {

namespace {
constexpr int kEndSeconds = 5;  // For a client that does not read, and so does not get the Close frame.
constexpr std::uint64_t kSpreadMs = 500;
}  // namespace

StreamConnection::StreamConnection(lws* socket, stream::Hub& hub) : Connection(socket), hub_(hub), peer_(hub, *this) {
  timer_.connection = this;
  keepSendBufferShort();
  setTimer();
}

StreamConnection::~StreamConnection() {
  lws_sul_cancel(&timer_.entry);
}

void StreamConnection::received(const Piece& piece) {
  if (closing() || peer_.ending()) {
    return;
  }
  peer_.heard();
  if (message_.size() + piece.bytes.size() > peer_.maxMessageBytes()) {
    message_ = {};
    peer_.tooBig();
    return;
  }
  message_ += piece.bytes;
  if (!piece.last) {
    return;
  }
  peer_.received(piece.binary, message_);
  message_.clear();
  setTimer();
}

void StreamConnection::serverStops() {
  if (!peer_.goAway(kSpreadMs)) {
    goAway();
  }
}

bool StreamConnection::writeNext() {
  peer_.setReading(true);
  const stream::Batch batch = peer_.take();
  if (!batch.empty()) {
    FrameBuffer frame(batch.payload());
    write(frame, {.binary = batch.binary()});
    peer_.setReading(lws_send_pipe_choked(socket()) == 0);
    return true;
  }
  if (const std::optional<stream::Peer::Ending>& ending = peer_.ending()) {
    close(ending->code, ending->reason);
    return true;
  }
  return false;
}

void StreamConnection::outputWaits() {
  if (peer_.ending() && !limitedEnd_) {
    limitedEnd_ = true;
    lws_set_timeout(socket(), PENDING_TIMEOUT_CLOSE_SEND, kEndSeconds);
  }
  askWritable();
}

// A deadline that moves on leaves the timer where it is: when it fires, it is set anew.
void StreamConnection::setTimer() {
  const std::optional<std::int64_t> deadline = peer_.deadline();
  if (!deadline || (timerAt_ && *timerAt_ <= *deadline)) {
    return;
  }
  timerAt_ = deadline;
  const std::int64_t wait = std::max<std::int64_t>(0, *deadline - hub_.steadyTime());
  lws_sul_schedule(lws_get_context(socket()), 0, &timer_.entry, timerFired, 1 + wait * LWS_US_PER_MS);
}

void StreamConnection::timerFired(lws_sorted_usec_list_t* entry) {
  StreamConnection& self = *reinterpret_cast<Timer*>(entry)->connection;
  self.timerAt_.reset();
  self.peer_.elapsed();
  self.setTimer();
}

}  // namespace ticker
