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
class EndpointQuestion;
}

/// A field of the request that opens the handshake (RFC 7230 section 3.2).
///
/// `name` is a token, `value` has no control character but the tab, so a line end cannot be smuggled in. Fields that
/// the handshake itself needs are refused: Host, Connection, Upgrade, Content-Length, Transfer-Encoding and all that
/// begin with Sec-WebSocket-.
struct Header {
  std::string name = {};
  std::string value = {};
};

/// Where to connect to, and as whom.
struct Endpoint {
  std::string url = {};
  std::vector<std::string> subprotocols = {};
  std::vector<Header> headers = {};
};

/// The question of `Options::endpoint`: where does the next attempt go?
///
/// Answer it at once or later, once; a second answer, and one to an attempt that is over, has no effect. The attempt
/// waits within `Options::connectTimeout`. When the last copy goes without an answer, the attempt fails.
///
/// Thread: any. Web: the thread that made the client.
class EndpointRequest {
 public:
  /// As in `CloseInfo`.
  [[nodiscard]] std::uint64_t attempt() const;
  /// How the attempt before this one ended. After HTTP status 401 or 403, or close code 1008, it is
  /// time for a fresh token.
  [[nodiscard]] const std::optional<CloseInfo>& lastClose() const;
  /// What the options say: something to start from.
  [[nodiscard]] const Endpoint& configured() const;

  /// Connects there. What `connect()` would refuse ends the attempt with cause `EndpointFailed`, whose detail names the
  /// field.
  void answer(Endpoint endpoint) const;
  /// Ends the attempt with cause `EndpointFailed` and `why` as its detail. It is retried like any other failure; to
  /// give up, call `close()`.
  void fail(std::string_view why) const;

 private:
  friend class internal::EndpointQuestion;
  explicit EndpointRequest(std::shared_ptr<internal::EndpointQuestion> question);

  std::shared_ptr<internal::EndpointQuestion> question_;
};

}  // namespace tidewire
