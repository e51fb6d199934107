#include "wire.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

namespace tidewire::native {
namespace {

// A drained buffer of more than this is given back.
constexpr std::size_t kKeptBytes = 16 * 1024;

}  // namespace

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
  if (out.capacity() > kKeptBytes) {
    out.release();
  }
}

std::size_t Wire::toSocket(std::span<const std::byte> bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && !blocked()) {
    const ssize_t count =
        ::send(lws_get_socket_fd(wsi_), bytes.data() + taken, bytes.size() - taken, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      taken += static_cast<std::size_t>(count);
      full_ = taken < bytes.size();
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      full_ = true;
    } else if (errno != EINTR) {
      broken_ = true;
    }
  }
  return taken;
}

bool Wire::wasReset() const {
#ifdef __linux__
  tcp_info info{};
  socklen_t size = sizeof info;
  return getsockopt(lws_get_socket_fd(wsi_), IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_state == TCP_CLOSE;
#else
  return false;
#endif
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
  shutdown(lws_get_socket_fd(wsi_), SHUT_WR);
}

}  // namespace tidewire::native
