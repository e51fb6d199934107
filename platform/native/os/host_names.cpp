#include "os/host_names.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace tidewire::native {

Resolved resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) {
    const std::string why = error == EAI_SYSTEM ? std::generic_category().message(errno) : gai_strerror(error);
    return {.error = "the look-up of " + host + " failed: " + why};
  }
  Resolved resolved;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0) {
      resolved.addresses.push_back({text, each->ai_family == AF_INET6});
    }
  }
  freeaddrinfo(found);
  if (resolved.addresses.empty()) {
    resolved.error = "the look-up of " + host + " gave no address";
  }
  return resolved;
}

bool isNumericAddress(const std::string& host) {
  unsigned char parsed[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), parsed) == 1 || inet_pton(AF_INET6, host.c_str(), parsed) == 1;
}

std::optional<std::string> ipv4AddressOf(const std::string& host) {
  in_addr address{};
  if (inet_aton(host.c_str(), &address) != 1) {
    return std::nullopt;
  }
  std::array<char, INET_ADDRSTRLEN> text{};
  inet_ntop(AF_INET, &address, text.data(), text.size());
  return text.data();
}

}  // namespace tidewire::native
