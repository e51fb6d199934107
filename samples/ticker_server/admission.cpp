#include "admission.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace ticker {

namespace {

char toLower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool isSame(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, toLower, toLower);
}

bool isListed(const std::vector<std::string>& list, std::string_view text) {
  return std::ranges::any_of(list, [&](const std::string& each) { return isSame(each, text); });
}

bool isAddress(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), address.data()) == 1;
}

/// Without port and brackets.
std::string_view nameOf(std::string_view host) {
  if (host.starts_with('[')) {
    return host.substr(1, std::min(host.find(']'), host.size()) - 1);
  }
  return host.substr(0, host.find(':'));
}

bool isLocal(std::string_view name) {
  constexpr std::string_view kLocal = "localhost";
  constexpr std::string_view kBelow = ".localhost";  // RFC 6761 section 6.3: always this machine.
  return isSame(name, kLocal) ||
         (name.size() > kBelow.size() && isSame(name.substr(name.size() - kBelow.size()), kBelow));
}

/// What stands behind the scheme, if that is one of HTTP's.
std::string_view authorityOf(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) {
      return origin.substr(scheme.size());
    }
  }
  return {};
}

}  // namespace

bool Admission::takesHost(std::string_view host) const {
  const std::string_view name = nameOf(host);
  return host.empty() || isAddress(std::string(name)) || isLocal(name) || isSame(name, settings_.host) ||
         isListed(settings_.allowedHosts, name);
}

bool Admission::takesOrigin(std::string_view origin, std::string_view host) const {
  return origin.empty() || isListed(settings_.allowedOrigins, "*") || isListed(settings_.allowedOrigins, origin) ||
         (!host.empty() && isSame(authorityOf(origin), host));
}

bool isOrigin(std::string_view text) {
  const std::string_view authority = authorityOf(text);
  return text == "*" || text == "null" ||
         (!authority.empty() && authority.find_first_of("/?#@ ") == std::string_view::npos);
}

bool isHostName(std::string_view text) {
  return !text.empty() && text.find_first_of("/?#@: ") == std::string_view::npos;
}

}  // namespace ticker
