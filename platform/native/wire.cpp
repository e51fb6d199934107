#include "wire.hpp"

#include <utility>

#include "os/sockets.hpp"

namespace tidewire::native {
namespace {

// A drained buffer of more than this is given back.
constexpr std::size_t kKeptOutputBytes = 16 * 1024;

}  // namespace

Wire::Wire(Owner& owner) : owner_(owner) {
  ev_init(&arrivals_,
          [](struct ev_loop*, ev_io* watcher, int) { static_cast<Wire*>(watcher->data)->owner_.wireReadable(); });
  arrivals_.data = this;
}

Wire::Wire(Wire&& other, Owner& owner) : Wire(owner) {
  other.stopReading();
  attach(*other.loop_, std::exchange(other.socket_, kNoSocket));
  wsi_ = std::exchange(other.wsi_, nullptr);
  if (wsi_ != nullptr) {
    lws_set_opaque_user_data(wsi_, static_cast<WsiOwner*>(this));
  }
  tls_ = std::move(other.tls_);
  sent_ = other.sent_;
  full_ = other.full_;
  broken_ = other.broken_;
  finished_ = other.finished_;
}

Wire::~Wire() {
  cut();
}

void Wire::attach(SocketLoop& loop, Socket socket) {
  loop_ = &loop;
  socket_ = socket;
  ev_io_set(&arrivals_, socket, EV_READ);
}

void Wire::cut() {
  stopReading();
  const Socket socket = std::exchange(socket_, kNoSocket);
  if (lws* const wsi = std::exchange(wsi_, nullptr)) {
    loop_->cut(wsi);
  } else if (socket != kNoSocket) {
    if (!finished_) {
      endBoth(socket);  // The peer sees the end, not only the reset by which the system answers for unread bytes.
    }
    closeSocket(socket);
  }
}

void Wire::startReading() {
  if (exists()) {
    ev_io_start(loop_->events(), &arrivals_);
  }
}

void Wire::stopReading() {
  if (ev_is_active(&arrivals_) || ev_is_pending(&arrivals_)) {
    ev_io_stop(loop_->events(), &arrivals_);
  }
}

SocketReceived Wire::receive(std::span<std::byte> first, std::span<std::byte> second) {
  return exists() ? native::receive(socket_, first, second) : SocketReceived{.ended = true};
}

std::size_t Wire::write(std::span<const std::byte> bytes) {
  if (tls_ == nullptr) {
    return toSocket(bytes);
  }
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    flush();
    if (blocked()) {
      break;
    }
    const std::size_t count = tls_->write(bytes.subspan(taken));
    if (count == 0) {
      break;
    }
    taken += count;
  }
  flush();
  broken_ = broken_ || tls_->state() == Tls::State::Failed;
  return taken;
}

void Wire::flush() {
  if (tls_ == nullptr) {
    return;
  }
  ByteBuffer& out = tls_->out();
  sent_ += toSocket(out.bytes().subspan(sent_));
  if (sent_ < out.size()) {
    return;
  }
  sent_ = 0;
  out.clear();
  if (out.capacity() > kKeptOutputBytes) {
    out.release();
  }
}

std::size_t Wire::toSocket(std::span<const std::byte> bytes) {
  if (blocked() || !exists()) {
    return 0;
  }
  const SocketSent sent = sendFront(socket_, bytes);
  full_ = sent.full;
  broken_ = sent.broken;
  return sent.bytes;
}

bool Wire::wasReset() const {
  return exists() && peerHasReset(socket_);
}

void Wire::awaitWritable() {
  if (!exists() || broken_) {
    return;
  }
  if (wsi_ == nullptr) {
    wsi_ = loop_->adopt(socket_, *this);
  }
  if (wsi_ != nullptr) {
    lws_callback_on_writable(wsi_);
    return;
  }
  // Without memory for it the connection is lost. Reading reports that, since the owner must not be called here.
  stopReading();
  socket_ = kNoSocket;
  broken_ = true;
  ev_feed_event(loop_->events(), &arrivals_, EV_READ);
}

void Wire::wsiWritable() {
  full_ = false;
  owner_.wireWritable();
}

void Wire::wsiClosed() {
  stopReading();
  wsi_ = nullptr;
  socket_ = kNoSocket;
  owner_.wireClosed();
}

void Wire::finish() {
  if (tls_ != nullptr) {
    tls_->close();
    flush();
  }
  if (exists()) {
    endSending(socket_);
    finished_ = true;
  }
}

}  // namespace tidewire::native
