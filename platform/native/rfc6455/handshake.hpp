#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/time.hpp"
#include "core/url.hpp"
#include "core/wake_watch.hpp"
#include "tidewire/endpoint.hpp"

/// The opening handshake from the client's side (RFC 6455 section 4.1), without I/O.
namespace tidewire::native {

inline constexpr std::size_t kNonceBytes = 16;

/// The value of Sec-WebSocket-Key. `nonce` must be new and unpredictable for each connection.
[[nodiscard]] std::string makeKey(std::span<const std::byte, kNonceBytes> nonce);

/// The value of Sec-WebSocket-Accept that belongs to `key`.
[[nodiscard]] std::string acceptFor(std::string_view key);

/// The whole request, blank line included.
///
/// Requires: a parsed `url`, and subprotocols and headers that `core::findFault` accepts. A header Authorization
/// replaces the URL's user info. Empty user info ("ws://@host/") sends no Authorization.
[[nodiscard]] std::string handshakeRequest(const core::Url& url, std::span<const std::string> subprotocols,
                                           std::span<const Header> headers, std::string_view key);

/// The server's response: its status and the relevant header fields, empty if absent. Values of a repeated field are
/// joined by commas. A 101 has no body, whatever its fields announce (RFC 9112 section 6.3).
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

/// Checks whether `answer` accepts the handshake with `key` and the subprotocols in `offered`.
///
/// Returns: an empty text if so, else a description of the fault, for people.
[[nodiscard]] std::string checkAnswer(const HandshakeAnswer& answer, std::string_view key,
                                      std::span<const std::string> offered);

/// The delay of `Retry-After` with status 429 or 503 (RFC 7231 section 7.1.3): a number of seconds, or a date, which is
/// compared with the response's `Date` if present, else with `wall`.
[[nodiscard]] std::optional<core::Duration> retryAfter(const HandshakeAnswer& answer, core::WallTime wall);

}  // namespace tidewire::native
