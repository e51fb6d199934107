#include "core/url.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/ascii.hpp"
#include "core/decimal.hpp"

namespace tidewire::core {
namespace {

constexpr std::string_view kSubDelims = "!$&'()*+,;=";

constexpr bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

constexpr bool isHexDigit(char c) {
  return isDigit(c) || (toLower(c) >= 'a' && toLower(c) <= 'f');
}

constexpr bool contains(std::string_view set, char c) {
  return set.find(c) != std::string_view::npos;
}

// RFC 3986 section 2.3 and 2.2: what a registered name is made of, apart from percent-encodings.
constexpr auto kNameCharacters = [] {
  std::array<bool, 128> set{};
  for (std::size_t i = 0; i < set.size(); ++i) {
    const char c = static_cast<char>(i);
    set[i] = isDigit(c) || (toLower(c) >= 'a' && toLower(c) <= 'z') || contains("-._~", c) || contains(kSubDelims, c);
  }
  return set;
}();

constexpr bool isNameCharacter(char c) {
  const auto place = static_cast<unsigned char>(c);
  return place < kNameCharacters.size() && kNameCharacters[place];
}

// Whether `text` consists of unreserved characters, sub-delims, `extra` and well-formed percent-encodings.
bool isMadeOf(std::string_view text, std::string_view extra) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (text.size() - i < 3 || !isHexDigit(text[i + 1]) || !isHexDigit(text[i + 2])) {
        return false;
      }
      i += 2;
    } else if (!isNameCharacter(text[i]) && !contains(extra, text[i])) {
      return false;
    }
  }
  return true;
}

bool isName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), isNameCharacter);
}

bool isDecimalOctet(std::string_view text) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0') ||
      !std::all_of(text.begin(), text.end(), isDigit)) {
    return false;
  }
  return text.size() < 3 || text <= "255";
}

bool isIpv4(std::string_view text) {
  for (int dots = 0; dots < 3; ++dots) {
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos || !isDecimalOctet(text.substr(0, dot))) {
      return false;
    }
    text.remove_prefix(dot + 1);
  }
  return isDecimalOctet(text);
}

bool isHexGroup(std::string_view text) {
  return !text.empty() && text.size() <= 4 && std::all_of(text.begin(), text.end(), isHexDigit);
}

// Counts the 16-bit groups of a colon-separated run of them, of which the last two may be written as an IPv4 address.
// Returns -1 where the run is malformed.
int countGroups(std::string_view run, bool mayEndInIpv4) {
  int groups = 0;
  while (!run.empty()) {
    const std::size_t colon = run.find(':');
    const std::string_view group = run.substr(0, colon);
    if (colon == std::string_view::npos) {
      if (mayEndInIpv4 && isIpv4(group)) {
        return groups + 2;
      }
      return isHexGroup(group) ? groups + 1 : -1;
    }
    if (!isHexGroup(group) || colon + 1 == run.size()) {
      return -1;
    }
    ++groups;
    run.remove_prefix(colon + 1);
  }
  return groups;
}

// RFC 3986 section 3.2.2, without the zone identifiers of RFC 6874, which the WHATWG URL standard refuses, too.
bool isIpv6(std::string_view text) {
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    return countGroups(text, true) == 8;
  }
  const int before = countGroups(text.substr(0, gap), false);
  const int after = countGroups(text.substr(gap + 2), true);
  return before >= 0 && after >= 0 && before + after <= 7;
}

bool takeScheme(std::string_view& text, bool& secure) {
  const std::size_t colon = text.find(':');
  std::string scheme(text.substr(0, colon));
  std::transform(scheme.begin(), scheme.end(), scheme.begin(), toLower);
  if (colon == std::string_view::npos || (scheme != "ws" && scheme != "wss")) {
    return false;
  }
  secure = scheme == "wss";
  text.remove_prefix(colon + 1);
  return true;
}

UrlError parseUserInfo(std::string_view& authority, Url& url) {
  const std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos) {
    return UrlError::None;
  }
  url.hasUserInfo = true;
  url.userInfo = authority.substr(0, at);
  authority.remove_prefix(at + 1);
  return isMadeOf(url.userInfo, ":") ? UrlError::None : UrlError::BadCharacter;
}

UrlError parseHost(std::string_view& authority, Url& url) {
  if (authority.starts_with('[')) {
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos || !isIpv6(authority.substr(1, bracket - 1))) {
      return UrlError::BadHost;
    }
    url.hostIsIpv6 = true;
    url.host = authority.substr(1, bracket - 1);
    authority.remove_prefix(bracket + 1);
    return authority.empty() || authority.starts_with(':') ? UrlError::None : UrlError::BadHost;
  }
  url.host = authority.substr(0, authority.find(':'));
  authority.remove_prefix(url.host.size());
  // A percent-encoded name would be another name once decoded, and browsers decode it: refused on both sides.
  return isName(url.host) ? UrlError::None : UrlError::BadHost;
}

// What is left of the authority: nothing, or a colon and perhaps a number.
UrlError parsePort(std::string_view rest, Url& url) {
  const std::uint16_t defaultPort = url.secure ? 443 : 80;
  if (rest.size() <= 1) {
    url.port = defaultPort;
  } else {
    std::uint32_t number = 0;
    for (const char c : rest.substr(1)) {
      if (!isDigit(c)) {
        return UrlError::BadPort;
      }
      number = std::min<std::uint32_t>(number * 10 + static_cast<std::uint32_t>(c - '0'), 65'536);
    }
    if (number == 0 || number > 65'535) {
      return UrlError::BadPort;
    }
    url.port = static_cast<std::uint16_t>(number);
  }
  url.portIsDefault = url.port == defaultPort;
  return UrlError::None;
}

UrlError parseTarget(std::string_view text, Url& url) {
  const std::size_t probe = text.find('?');
  const std::string_view path = text.substr(0, probe);
  if (!isMadeOf(path, ":@/") || !isMadeOf(text.substr(path.size()), ":@/?")) {
    return UrlError::BadCharacter;
  }
  url.target = path.empty() ? "/" : "";
  url.target += text;
  return UrlError::None;
}

std::string makeHostHeader(const Url& url) {
  std::string header = url.hostIsIpv6 ? "[" + url.host + "]" : url.host;
  if (!url.portIsDefault) {
    header += ":" + decimal(url.port);
  }
  return header;
}

// `text` begins behind the scheme's colon.
UrlError parseParts(std::string_view text, Url& url) {
  if (contains(text, '#')) {
    return UrlError::Fragment;
  }
  if (!isMadeOf(text, ":/?[]@")) {
    return UrlError::BadCharacter;
  }
  if (!text.starts_with("//")) {
    return UrlError::BadHost;
  }
  text.remove_prefix(2);
  std::string_view authority = text.substr(0, text.find_first_of("/?"));
  text.remove_prefix(authority.size());
  UrlError error = parseUserInfo(authority, url);
  if (error == UrlError::None) {
    error = parseHost(authority, url);
  }
  if (error == UrlError::None) {
    error = parsePort(authority, url);
  }
  if (error == UrlError::None) {
    error = parseTarget(text, url);
  }
  return error;
}

}  // namespace

UrlParse parseUrl(std::string_view text) {
  UrlParse parse;
  parse.error = takeScheme(text, parse.url.secure) ? parseParts(text, parse.url) : UrlError::NotWebSocket;
  if (parse.error == UrlError::None) {
    parse.url.hostHeader = makeHostHeader(parse.url);
  }
  return parse;
}

}  // namespace tidewire::core
