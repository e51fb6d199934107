#include "stream_connection.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace ticker {

namespace {
constexpr int kEndSeconds = 5;  // For a client that does not read, or does not answer the Close frame.
constexpr std::uint64_t kSpreadMs = 500;
constexpr std::size_t kKeptBytes = 65'536;  // Of a buffer, between messages.
}  // namespace

StreamConnection::StreamConnection(lws* socket, tidewire::server::Hub& hub, TurnClock& clock)
    : Connection(socket), hub_(hub), clock_(clock), peer_(hub, *this) {
  timer_.connection = this;
  batchTimer_.connection = this;
  keepSendBufferShort();
  makeRoomForFrames();  // Or a client that reads nothing, and says that it lives, would not be heard.
  setTimer();
}

StreamConnection::~StreamConnection() {
  lws_sul_cancel(&timer_.entry);
  lws_sul_cancel(&batchTimer_.entry);
}

void StreamConnection::received(const Piece& piece) {
  if (peer_.ending()) {
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
  updateReading();
  message_.clear();
  if (message_.capacity() > kKeptBytes) {
    message_.shrink_to_fit();
  }
  setTimer();
}

void StreamConnection::serverStops() {
  if (!peer_.goAway(kSpreadMs)) {
    goAway();
  }
}

bool StreamConnection::writeNext() {
  peer_.setReading(true);
  const tidewire::server::Batch batch = peer_.take();
  if (!batch.empty()) {
    FrameBuffer frame(batch.payload());
    write(frame, {.binary = batch.binary()});
    peer_.setReading(lws_send_pipe_choked(socket()) == 0);
    peer_.proceed();
    updateReading();
    return true;
  }
  if (peer_.ending() && !closeSent_) {
    writeClose(*peer_.ending());
  }
  return false;
}

// Not by `close`: libwebsockets would not wait for the answer, and if the client were still sending, the system would
// reset the connection before the client has read why it ended.
void StreamConnection::writeClose(const tidewire::server::Peer::Ending& ending) {
  closeSent_ = true;
  FrameBuffer frame;
  const std::array<char, 2> code{static_cast<char>(ending.code >> 8), static_cast<char>(ending.code & 0xff)};
  frame.append({code.data(), code.size()});
  frame.append(ending.reason);
  write(frame, {.close = true});
}

void StreamConnection::outputWaits() {
  if (peer_.ending() && !limitedEnd_) {
    limitedEnd_ = true;
    lws_set_timeout(socket(), PENDING_TIMEOUT_CLOSE_SEND, kEndSeconds);
  }
  const std::int64_t delay = hub_.limits().batchDelayMs;
  if (delay == 0 || peer_.ending()) {
    askWritable();
  } else if (!batchWaits_) {
    batchWaits_ = true;
    lws_sul_schedule(lws_get_context(socket()), 0, &batchTimer_.entry, batchFired, delay * LWS_US_PER_MS);
  }
}

void StreamConnection::batchFired(lws_sorted_usec_list_t* entry) {
  StreamConnection& self = *reinterpret_cast<Timer*>(entry)->connection;
  self.batchWaits_ = false;
  self.askWritable();
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
  self.clock_.beginTurn();
  self.timerAt_.reset();
  self.peer_.elapsed();
  self.setTimer();
}

}  // namespace ticker
