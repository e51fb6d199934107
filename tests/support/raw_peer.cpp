#include "support/raw_peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "rfc6455/handshake.hpp"

namespace support {
namespace {

// Only a failing test waits for it.
constexpr timeval kPatience{.tv_sec = 20, .tv_usec = 0};

union SocketAddress {
  sockaddr any;
  sockaddr_in four;
  sockaddr_in6 six;
};

std::string headerValue(const std::string& request, const std::string& name) {
  const std::size_t at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) {
    return {};
  }
  const std::size_t begin = at + name.size() + 4;
  return request.substr(begin, request.find("\r\n", begin) - begin);
}

}  // namespace

int ClientFrame::closeCode() const {
  if (payload.size() < 2) {
    return 1005;
  }
  return static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
}

RawConnection::RawConnection(int socket, ssl_ctx_st* tls) : socket_(socket) {
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  if (tls != nullptr) {
    ssl_ = SSL_new(tls);
    SSL_set_fd(ssl_, socket_);
    secured_ = SSL_accept(ssl_) == 1;
  }
}

RawConnection::~RawConnection() {
  SSL_free(ssl_);
  if (socket_ >= 0) {
    ::close(socket_);
  }
}

void RawConnection::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                          : send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) {
      return;  // The client has gone; what it did is for the test to look at.
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::size_t RawConnection::writeWhatGoes(std::string_view bytes) {
  const ssize_t count = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

bool RawConnection::fill() {
  char chunk[65536];
  const ssize_t count = ssl_ != nullptr ? SSL_read(ssl_, chunk, sizeof chunk) : recv(socket_, chunk, sizeof chunk, 0);
  if (count <= 0) {
    return false;
  }
  received_.append(chunk, static_cast<std::size_t>(count));
  return true;
}

std::string RawConnection::take(std::size_t count) {
  while (received_.size() < count) {
    if (!fill()) {
      return {};
    }
  }
  std::string taken = received_.substr(0, count);
  received_.erase(0, count);
  return taken;
}

std::string RawConnection::readRequest() {
  std::size_t end = std::string::npos;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) {
      return {};
    }
  }
  return take(end + 4);
}

std::string RawConnection::acceptWebSocket(std::string_view extraHeaders, std::string_view bytes) {
  std::string request = readRequest();
  write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
        tidewire::native::acceptFor(headerValue(request, "Sec-WebSocket-Key")) + "\r\n" + std::string(extraHeaders) +
        "\r\n" + std::string(bytes));
  return request;
}

ClientFrame RawConnection::readFrame() {
  const std::string head = take(2);
  if (head.empty()) {
    return {};
  }
  const auto byte = [](char value) { return static_cast<std::size_t>(static_cast<unsigned char>(value)); };
  ClientFrame frame{.final = (byte(head[0]) & 0x80) != 0,
                    .opcode = static_cast<int>(byte(head[0]) & 0x0F),
                    .masked = (byte(head[1]) & 0x80) != 0};
  std::size_t length = byte(head[1]) & 0x7F;
  if (length >= 126) {
    const std::string extended = take(length == 126 ? 2 : 8);
    length = 0;
    for (const char each : extended) {
      length = length << 8 | byte(each);
    }
  }
  const std::string key = frame.masked ? take(4) : std::string(4, '\0');
  frame.payload = take(length);
  for (std::size_t i = 0; i < frame.payload.size(); ++i) {
    frame.payload[i] = static_cast<char>(frame.payload[i] ^ key[i % 4]);
  }
  return frame;
}

void RawConnection::discard(std::size_t count) {
  while (received_.size() < count) {
    count -= received_.size();
    received_.clear();
    if (!fill()) {
      return;
    }
  }
  received_.erase(0, count);
}

bool RawConnection::atEnd() {
  errno = 0;
  if (!received_.empty() || fill()) {
    return false;
  }
  return errno != EAGAIN && errno != EWOULDBLOCK;  // Patience is over, and it has not ended.
}

bool RawConnection::hasSomething() const {
  char byte = 0;
  return recv(socket_, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 1;
}

bool RawConnection::hasEnded() {
  char byte = 0;
  const ssize_t count = recv(socket_, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
  return count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

std::string RawConnection::serverName() const {
  const char* const name = ssl_ == nullptr ? nullptr : SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : name;
}

void RawConnection::endTls() {
  SSL_shutdown(ssl_);
}

void RawConnection::reset() {
  const linger none{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  ::close(std::exchange(socket_, -1));
}

RawPeer::RawPeer(const char* address) {
  SocketAddress bound{.six = {}};
  socklen_t size = 0;
  if (inet_pton(AF_INET, address, &bound.four.sin_addr) == 1) {
    bound.four.sin_family = AF_INET;
    size = sizeof bound.four;
  } else if (inet_pton(AF_INET6, address, &bound.six.sin6_addr) == 1) {
    bound.six.sin6_family = AF_INET6;
    size = sizeof bound.six;
  }
  socket_ = socket(bound.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(socket_, &bound.any, size) != 0 || listen(socket_, 64) != 0 ||
      getsockname(socket_, &bound.any, &size) != 0) {
    std::perror("listen");
    std::abort();
  }
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  port_ = ntohs(bound.any.sa_family == AF_INET6 ? bound.six.sin6_port : bound.four.sin_port);
}

RawPeer::RawPeer(const std::string& certificateFile, const std::string& keyFile, const char* address)
    : RawPeer(address) {
  tls_ = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(tls_, certificateFile.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(tls_, keyFile.c_str(), SSL_FILETYPE_PEM) != 1) {
    std::fprintf(stderr, "cannot use %s and %s\n", certificateFile.c_str(), keyFile.c_str());
    std::abort();
  }
}

RawPeer::~RawPeer() {
  SSL_CTX_free(tls_);
  ::close(socket_);
}

std::string RawPeer::url(std::string_view path) const {
  return (tls_ == nullptr ? "ws://127.0.0.1:" : "wss://127.0.0.1:") + std::to_string(port_) + std::string(path);
}

bool RawPeer::isAsked() const {
  pollfd listening{.fd = socket_, .events = POLLIN, .revents = 0};
  return poll(&listening, 1, 0) == 1;
}

std::unique_ptr<RawConnection> RawPeer::accept() {
  const int connected = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
  if (connected < 0) {
    std::perror("accept");
    std::abort();
  }
  return std::make_unique<RawConnection>(connected, tls_);
}

std::string serverFrame(int opcode, std::string_view payload, bool final) {
  std::string frame(1, static_cast<char>((final ? 0x80 : 0) | opcode));
  const auto append = [&frame](std::size_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      frame.push_back(static_cast<char>(value >> shift & 0xFF));
    }
  };
  if (payload.size() < 126) {
    append(payload.size(), 1);
  } else if (payload.size() < 65536) {
    append(126, 1);
    append(payload.size(), 2);
  } else {
    append(127, 1);
    append(payload.size(), 8);
  }
  return frame.append(payload);
}

}  // namespace support
