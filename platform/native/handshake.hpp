#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/url.hpp"

/// The opening handshake from the client's side (RFC 6455 section 4.1), without I/O.
namespace tidewire::native {

inline constexpr std::size_t kNonceBytes = 16;

/// The value of Sec-WebSocket-Key. `nonce` must be new and unpredictable for each connection.
[[nodiscard]] std::string makeKey(std::span<const std::byte, kNonceBytes> nonce);

/// The value of Sec-WebSocket-Accept with which a server answers `key`.
[[nodiscard]] std::string acceptFor(std::string_view key);

/// The whole request, blank line included.
///
/// Requires: a parsed `url`, and subprotocols that `core::areValidSubprotocols` accepts.
[[nodiscard]] std::string handshakeRequest(const core::Url& url, std::span<const std::string> subprotocols,
                                           std::string_view key);

/// The server's answer: a status, and the values of the header fields that matter, empty where absent. A field that
/// came several times has its values joined by commas.
struct HandshakeAnswer {
  int status = 0;
  std::string upgrade = {};
  std::string connection = {};
  std::string accept = {};
  std::string subprotocol = {};
  std::string extensions = {};
  std::string contentLength = {};
  std::string transferEncoding = {};
};

/// Whether `answer` opens the connection that was asked for with `key` and the subprotocols in `offered`.
///
/// Returns: nothing if it does, else a sentence that names the fault. It lives as long as the program.
[[nodiscard]] std::string_view checkAnswer(const HandshakeAnswer& answer, std::string_view key,
                                           std::span<const std::string> offered);

}  // namespace tidewire::native
