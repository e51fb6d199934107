#include "listen_address.hpp"

#include <netdb.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace ticker {

namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

AddressList resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (error != 0) {
    throw std::runtime_error("--host: " + host + ": " + gai_strerror(error));
  }
  return {list, &freeaddrinfo};
}

void tryToBind(const addrinfo& address, const std::string& host, std::uint16_t port) {
  const int handle = socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);  // As libwebsockets does.
  const bool bound = bind(handle, address.ai_addr, address.ai_addrlen) == 0 && listen(handle, 1) == 0;
  const int error = errno;
  close(handle);
  if (!bound) {
    const std::string option = error == EADDRNOTAVAIL ? "--host: " : "--port: ";
    throw std::runtime_error(option + "cannot listen on " + host + " port " + std::to_string(port) + ": " +
                             std::strerror(error));
  }
}

}  // namespace

ListenAddress listenAddress(const std::string& host, std::uint16_t port) {
  const AddressList list = resolve(host, port);
  const addrinfo* chosen = list.get();
  for (const addrinfo* next = chosen; next != nullptr; next = next->ai_next) {
    if (next->ai_family == AF_INET) {
      chosen = next;  // "localhost" means 127.0.0.1, as in the address that is printed.
      break;
    }
  }
  tryToBind(*chosen, host, port);
  std::string numeric(NI_MAXHOST, '\0');
  getnameinfo(chosen->ai_addr, chosen->ai_addrlen, numeric.data(), static_cast<socklen_t>(numeric.size()), nullptr, 0,
              NI_NUMERICHOST);
  numeric.resize(std::strlen(numeric.c_str()));
  return {numeric, chosen->ai_family == AF_INET6};
}

void raiseDescriptorLimit() {
  constexpr rlim_t kEnough = 65536;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < kEnough) {
    limit.rlim_cur = std::min(limit.rlim_max, kEnough);
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

}  // namespace ticker
