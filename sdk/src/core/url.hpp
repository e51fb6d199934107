#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidewire::core {

/// Why a text is not a WebSocket URL (RFC 6455 section 3, RFC 3986).
enum class UrlError : std::uint8_t {
  None,
  NotWebSocket,  ///< The scheme is neither ws nor wss.
  BadCharacter,  ///< A byte that RFC 3986 does not allow there, or a "%" without two hexadecimal digits.
  BadHost,       ///< No host, or not a name or an IP literal that can be looked up.
  BadPort,       ///< Not a number from 1 to 65535.
  Fragment,      ///< RFC 6455 allows none.
};

/// The parts of a WebSocket URL, each exactly as it was written: nothing is decoded, lowered or otherwise normalised.
struct Url {
  bool secure = false;
  std::string host = {};  ///< An IPv6 address comes without its brackets.
  bool hostIsIpv6 = false;
  std::uint16_t port = 0;
  bool portIsDefault = false;  ///< Whether `port` is the scheme's, written or not.
  bool hasUserInfo = false;    ///< Whether an "@" was there, even with nothing before it.
  std::string userInfo = {};   ///< Still percent-encoded.
  std::string target = {};     ///< Path and query as the request line takes them.
  std::string hostHeader = {};
};

/// `url` is meaningful only without an error.
struct UrlParse {
  UrlError error = UrlError::None;
  Url url = {};
};

/// Parses an absolute ws: or wss: URL. All platforms use this parser.
[[nodiscard]] UrlParse parseUrl(std::string_view text);

}  // namespace tidewire::core
