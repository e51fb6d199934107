#include "os/sockets.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "os/descriptors.hpp"

namespace tidewire::native {
namespace {

ConnectError errorOf(int error) {
  return {.isRefusal = error == ECONNREFUSED, .text = std::generic_category().message(error)};
}

ConnectError errorOfSocket(int error) {
  return error == EMFILE ? ConnectError{.text = noDescriptorLeft()} : errorOf(error);
}

Connecting failed(Socket socket, ConnectError error) {
  if (socket != kNoSocket) {
    closeSocket(socket);
  }
  return {.error = std::move(error)};
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

/// Returns an error of `getaddrinfo`, or 0. That function knows scopes of IPv6, and is slow.
int parseAddress(const std::string& address, std::uint16_t port, SocketAddress& to) {
  auto* const ipv4 = reinterpret_cast<sockaddr_in*>(&to.storage);
  if (inet_pton(AF_INET, address.c_str(), &ipv4->sin_addr) == 1) {
    ipv4->sin_family = AF_INET;
    ipv4->sin_port = htons(port);
    to.size = sizeof *ipv4;
    return 0;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found); error != 0) {
    return error;
  }
  std::memcpy(&to.storage, found->ai_addr, found->ai_addrlen);
  to.size = found->ai_addrlen;
  freeaddrinfo(found);
  return 0;
}

}  // namespace

Connecting startConnecting(const std::string& address, std::uint16_t port, std::size_t table) {
  SocketAddress to;
  if (const int error = parseAddress(address, port, to); error != 0) {
    return failed(kNoSocket, {.text = gai_strerror(error)});
  }
  const Socket made = socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (made == kNoSocket) {
    return failed(made, errorOfSocket(errno));
  }
  if (static_cast<std::size_t>(made) >= table) {
    return failed(made, {.text = descriptorsBeyond(table)});
  }
  const int on = 1;
  setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(made, reinterpret_cast<const sockaddr*>(&to.storage), to.size) != 0 && errno != EINPROGRESS &&
      errno != EINTR) {
    return failed(made, errorOf(errno));
  }
  return {.socket = made};
}

std::optional<ConnectError> connectError(Socket socket) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
    error = errno;
  }
  return error == 0 ? std::nullopt : std::optional(errorOf(error));
}

SocketSent sendFront(Socket socket, std::span<const std::byte> bytes) {
  SocketSent sent;
  while (sent.bytes < bytes.size() && !sent.full && !sent.broken) {
    const ssize_t count =
        ::send(socket, bytes.data() + sent.bytes, bytes.size() - sent.bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      sent.bytes += static_cast<std::size_t>(count);
      sent.full = sent.bytes < bytes.size();
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      sent.full = true;
    } else if (errno != EINTR) {
      sent.broken = true;
    }
  }
  return sent;
}

SocketReceived receive(Socket socket, std::span<std::byte> first, std::span<std::byte> second) {
  std::array<iovec, 2> pieces = {iovec{first.data(), first.size()}, iovec{second.data(), second.size()}};
  for (;;) {
    const ssize_t count =
        first.empty() ? recv(socket, second.data(), second.size(), MSG_DONTWAIT) : readv(socket, pieces.data(), 2);
    if (count > 0) {
      return {.bytes = static_cast<std::size_t>(count)};
    }
    if (count == 0 || (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)) {
      return {.ended = true};
    }
    if (errno != EINTR) {
      return {};
    }
  }
}

bool peerHasReset(Socket socket) {
#ifdef __linux__
  tcp_info info{};
  socklen_t size = sizeof info;
  return getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_state == TCP_CLOSE;
#else
  (void)socket;
  return false;
#endif
}

void endSending(Socket socket) {
  shutdown(socket, SHUT_WR);
}

void endBoth(Socket socket) {
  shutdown(socket, SHUT_RDWR);
}

void closeSocket(Socket socket) {
  close(socket);
}

}  // namespace tidewire::native
