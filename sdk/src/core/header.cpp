#include "core/header.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "core/ascii.hpp"
#include "core/subprotocol.hpp"

namespace tidewire::core {
namespace {

// They make the request what it is, or say where it ends.
constexpr std::array<std::string_view, 5> kOurs = {"host", "connection", "upgrade", "content-length",
                                                   "transfer-encoding"};
constexpr std::string_view kOurPrefix = "sec-websocket-";

// RFC 7230 section 3.2: visible characters, obs-text, space and tab.
constexpr bool isValueCharacter(char c) {
  return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
}

bool isOurs(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), toLower);
  return lower.compare(0, kOurPrefix.size(), kOurPrefix) == 0 ||
         std::find(kOurs.begin(), kOurs.end(), lower) != kOurs.end();
}

}  // namespace

std::string_view headerFault(std::string_view name, std::string_view value) {
  if (name.empty() || !std::all_of(name.begin(), name.end(), isTokenCharacter)) {
    return "its name is not a token";
  }
  if (isOurs(name)) {
    return "the handshake sets it itself";
  }
  if (!std::all_of(value.begin(), value.end(), isValueCharacter)) {
    return "its value holds a line end or another control character";
  }
  return {};
}

}  // namespace tidewire::core
