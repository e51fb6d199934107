#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/thaw_watch.hpp"
#include "core/time.hpp"
#include "core/url.hpp"
#include "tidewire/endpoint.hpp"

/// The opening handshake from the client's side (RFC 6455 section 4.1), without I/O.
namespace tidewire::native {

inline constexpr std::size_t kNonceBytes = 16;

/// The value of Sec-WebSocket-Key. `nonce` must be new and unpredictable for each connection.
[[nodiscard]] std::string makeKey(std::span<const std::byte, kNonceBytes> nonce);

/// The value of Sec-WebSocket-Accept with which a server answers `key`.
[[nodiscard]] std::string acceptFor(std::string_view key);

/// The whole request, blank line included.
///
/// Requires: a parsed `url`, and subprotocols and headers that `core::findFault` accepts. A header Authorization takes
/// the place of the URL's user info. Empty user info ("ws://@host/") sends no Authorization.
[[nodiscard]] std::string handshakeRequest(const core::Url& url, std::span<const std::string> subprotocols,
                                           std::span<const Header> headers, std::string_view key);

/// The server's answer: a status, and the values of the header fields that matter, empty where absent. A field that
/// came several times has its values joined by commas. What a 101 says of a body means nothing (RFC 9112 section 6.3).
struct HandshakeAnswer {
  int status = 0;
  std::string upgrade = {};
  std::string connection = {};
  std::string accept = {};
  std::string subprotocol = {};
  std::string extensions = {};
  std::string retryAfter = {};
  std::string date = {};
};

/// Whether `answer` opens the connection that was asked for with `key` and the subprotocols in `offered`.
///
/// Returns: an empty text if it does, else one that names the fault, for people.
[[nodiscard]] std::string checkAnswer(const HandshakeAnswer& answer, std::string_view key,
                                      std::span<const std::string> offered);

/// How long the server asks to wait with status 429 or 503 (RFC 7231 section 7.1.3): a number of seconds, or a date,
/// which is compared with the server's own clock if it told that, else with `wall`.
[[nodiscard]] std::optional<core::Duration> retryAfter(const HandshakeAnswer& answer, core::WallTime wall);

}  // namespace tidewire::native
