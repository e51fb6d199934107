#include "wire.hpp"

#include "os/sockets.hpp"

namespace tidewire::native {
namespace {

// A drained buffer of more than this is given back.
constexpr std::size_t kKeptOutputBytes = 16 * 1024;

}  // namespace

Wire::Wire(Readable readable, void* owner) : readable_(readable), owner_(owner) {
  ev_init(&arrivals_, [](struct ev_loop*, ev_io* watcher, int) {
    const Wire& wire = *static_cast<Wire*>(watcher->data);
    wire.readable_(wire.owner_);
  });
  arrivals_.data = this;
}

Wire::Wire(Wire&& other, Readable readable, void* owner) : Wire(readable, owner) {
  attach(other.events_, other.release());
  tls_ = std::move(other.tls_);
  sent_ = other.sent_;
  full_ = other.full_;
  broken_ = other.broken_;
}

void Wire::attach(struct ev_loop* events, lws* wsi) {
  events_ = events;
  wsi_ = wsi;
  ev_io_set(&arrivals_, lws_get_socket_fd(wsi), EV_READ);
}

void Wire::startReading() {
  if (wsi_ != nullptr) {
    ev_io_start(events_, &arrivals_);
  }
}

void Wire::stopReading() {
  if (ev_is_active(&arrivals_) || ev_is_pending(&arrivals_)) {
    ev_io_stop(events_, &arrivals_);
  }
}

lws* Wire::release() {
  stopReading();
  return std::exchange(wsi_, nullptr);
}

SocketReceived Wire::receive(std::span<std::byte> first, std::span<std::byte> second) {
  return native::receive(lws_get_socket_fd(wsi_), first, second);
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
  if (blocked()) {
    return 0;
  }
  const SocketSent sent = sendFront(lws_get_socket_fd(wsi_), bytes);
  full_ = sent.full;
  broken_ = sent.broken;
  return sent.bytes;
}

bool Wire::wasReset() const {
  return peerHasReset(lws_get_socket_fd(wsi_));
}

void Wire::awaitWritable() const {
  if (wsi_ != nullptr && !broken_) {
    lws_callback_on_writable(wsi_);
  }
}

void Wire::finish() {
  if (tls_ != nullptr) {
    tls_->close();
    flush();
  }
  endSending(lws_get_socket_fd(wsi_));
}

}  // namespace tidewire::native
