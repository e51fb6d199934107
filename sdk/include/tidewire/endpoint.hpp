#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tidewire/events.hpp"

namespace tidewire {

namespace internal {
class PendingEndpoint;
}

/// A header field of the HTTP request that opens the WebSocket handshake (RFC 7230 section 3.2).
///
/// Requires: `name` is a token; `value` holds no control character except the tab, so it cannot contain a line end. The
/// fields that the handshake itself sets are rejected: Host, Connection, Upgrade, Content-Length, Transfer-Encoding and
/// every name that begins with Sec-WebSocket-.
///
/// Platforms: Native: sent. Web: unsupported. Why: a page cannot add header fields to a WebSocket handshake.
struct Header {
  /// Field name, such as "Authorization". Case does not matter.
  std::string name = {};
  /// Field value, sent as given.
  std::string value = {};
};

/// Target and credentials of one connection attempt.
struct Endpoint {
  /// Absolute ws: or wss: URL without a fragment (RFC 6455 section 3).
  std::string url = {};
  /// Subprotocols to offer, in order of preference (RFC 6455 section 1.9). Tokens without repetition.
  std::vector<std::string> subprotocols = {};
  /// Header fields added to the handshake request, in this order.
  ///
  /// Platforms: Native: in the request, in this order. Web: headers end the attempt with cause `EndpointFailed`. Why: a
  /// page cannot add header fields.
  std::vector<Header> headers = {};
};

/// One call of `Options::endpoint`: supplies the endpoint of the next connection attempt.
///
/// Call `answer` or `fail` once, inside the callback or later. A second call has no effect, nor has a call for an
/// attempt that has ended. The time until the call counts against `Options::connectTimeout`. Copies stand for the same
/// request; when the last copy is destroyed without a call, the attempt ends with cause `EndpointFailed`. A request may
/// outlive its client; then every call has no effect.
///
/// Thread: any.
///
/// Platforms: Native: any thread. Web: the thread that made the client.
class EndpointRequest {
 public:
  /// Returns: the number of this attempt, counted from 1 over the client's life; the same number as
  /// `CloseInfo::attempt`.
  [[nodiscard]] std::uint64_t attempt() const;
  /// Returns: the close event of the previous attempt; empty for the first attempt since `connect()`.
  ///
  /// Use it to decide whether the credentials need renewal: HTTP status 401 or 403, or close code 1008.
  [[nodiscard]] const std::optional<CloseInfo>& lastClose() const;
  /// Returns: `Options::url`, `subprotocols` and `headers` of the client, as a starting point. The reference is valid
  /// as long as a copy of this request.
  [[nodiscard]] const Endpoint& configured() const;

  /// Connects to `endpoint`, with exactly its subprotocols and headers.
  ///
  /// An endpoint that `connect()` would reject ends the attempt with cause `EndpointFailed`; `CloseInfo::detail` names
  /// the field. The attempt is then retried under `Options::reconnect`.
  void answer(Endpoint endpoint) const;
  /// Ends the attempt with cause `EndpointFailed` and `why` as `CloseInfo::detail`.
  ///
  /// The attempt is retried under `Options::reconnect`. To stop retrying, call `Client::close`.
  void fail(std::string_view why) const;

 private:
  friend class internal::PendingEndpoint;
  explicit EndpointRequest(std::shared_ptr<internal::PendingEndpoint> request);

  std::shared_ptr<internal::PendingEndpoint> pending_;
};

}  // namespace tidewire
