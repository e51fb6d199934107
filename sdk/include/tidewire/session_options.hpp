#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tidewire/callback.hpp"
#include "tidewire/endpoint.hpp"
#include "tidewire/options.hpp"
#include "tidewire/session_events.hpp"

namespace tidewire {

/// One call of `SessionOptions::token`: supplies the token of the next connection attempt.
///
/// Call `answer` or `fail` once, inside the callback or later. A second call has no effect, nor has a call for an
/// attempt that has ended. The time until the call counts against `Options::connectTimeout`. Copies stand for the same
/// request; when the last copy is destroyed without a call, the attempt ends with cause `EndpointFailed`.
///
/// Thread: any.
///
/// Platforms: Native: any thread. Web: the thread that made the session.
class TokenRequest {
 public:
  /// Receives the answer to a request, inside the SDK.
  using Answer = std::function<void(const EndpointRequest& request, std::string token, std::string url)>;
  /// Made by the SDK. An application receives requests, and makes none.
  explicit TokenRequest(EndpointRequest request, Answer answer, std::optional<SessionError> refusal)
      : request_(std::move(request)), answer_(std::move(answer)), refusal_(std::move(refusal)) {}

  /// Returns: the number of this attempt, counted from 1 over the session's life; the same number as
  /// `CloseInfo::attempt`.
  [[nodiscard]] std::uint64_t attempt() const { return request_.attempt(); }
  /// Returns: the close event of the previous attempt; empty for the first attempt since `connect()`.
  [[nodiscard]] const std::optional<CloseInfo>& lastClose() const { return request_.lastClose(); }
  /// Returns: the server's error if it refused `hello` or reported that the token expired; otherwise empty. Usually it
  /// means that a fresh token is needed.
  [[nodiscard]] const std::optional<SessionError>& refusal() const { return refusal_; }

  /// Connects to `Options::url` with `token`.
  ///
  /// A token that is not UTF-8, or exceeds about 16,000 bytes, ends the attempt like `fail`.
  void answer(std::string token) const { answer(std::move(token), request_.configured().url); }
  /// Connects to `url` with `token`.
  ///
  /// A token that is not UTF-8, or exceeds about 16,000 bytes, and an invalid URL end the attempt like `fail`.
  void answer(std::string token, std::string url) const { answer_(request_, std::move(token), std::move(url)); }
  /// Ends the attempt with cause `EndpointFailed` and `why` as `CloseInfo::detail`.
  ///
  /// The attempt is retried under `Options::reconnect`. To stop retrying, call `Session::close`.
  void fail(std::string_view why) const { request_.fail(why); }

 private:
  EndpointRequest request_;
  Answer answer_;
  std::optional<SessionError> refusal_;
};

/// Limits of the outbox: calls that are not sent yet, publishes without their acknowledgement, and requests without
/// their reply. Each call counts 256 bytes in addition to its body.
///
/// Platforms: the same everywhere.
struct OutboxOptions {
  /// Largest number of bytes; then `publish` and `request` return `QueueFull`.
  std::size_t maxBytes = 16 * 1024 * 1024;
  /// Largest number of calls; then `publish` and `request` return `QueueFull`.
  std::size_t maxCalls = 65'536;
  /// How long a call waits for others to share a WebSocket message. Zero: calls of the same turn of the loop share one,
  /// and none waits.
  ///
  /// Requires: not negative; else `connect()` returns `InvalidOption`.
  std::chrono::milliseconds batchDelay{0};
};

/// Session configuration in addition to `Options`, fixed at construction.
struct SessionOptions {
  /// Called before every attempt; supplies the token that `hello`, the first message of every connection, carries.
  ///
  /// If the server reports that the token has expired, it is called once more; a second refusal is final. Answer the
  /// `TokenRequest` inside the call or later, within `Options::connectTimeout`. Empty: `hello` has no token, except one
  /// given by `Session::authenticate`.
  ///
  /// Thread: where callbacks run; see `Options::callbacks`.
  ///
  /// Platforms: the same everywhere. A page authenticates this way, because it cannot send request headers.
  Callback<TokenRequest> token = {};
  OutboxOptions outbox = {};
  /// Hosts, besides the origin of the dialled URL, to which a server may redirect this session for one connection
  /// (`goaway`; docs/protocol.md, section 4.8). These hosts get the token.
  ///
  /// Each is a host with an optional port, as in a URL: "b.example", "b.example:8443", "[::1]:9000". Without a port it
  /// means the default port of the scheme (443 for wss:, 80 for ws:). Case does not matter. An invalid entry allows
  /// nothing. A session never goes from wss: to ws:.
  ///
  /// Platforms: the same everywhere.
  std::vector<std::string> allowedHosts = {};
};

/// Options of one subscription.
struct SubscribeOptions {
  /// Latest-only: if the client falls behind, older events are left out, and counted in `Event::skipped`.
  bool conflate = false;
  /// Without `since`: the largest number of past events delivered first. 1 shows a price at once.
  std::uint64_t replay = 0;
  /// Requests the events after this position: each is delivered, or one gap is reported. Holds for each of several
  /// subscriptions to one channel.
  std::optional<ChannelPosition> since = {};
};

/// Callbacks of one subscription. Each may be empty; its events are then lost.
///
/// Thread: where callbacks run; see `Options::callbacks`.
struct SubscriptionHandlers {
  /// An event of the channel. Its views are valid until the callback returns.
  Callback<const Event&> onEvent = {};
  /// Events that this subscription has missed for good.
  Callback<const Gap&> onGap = {};
  /// The server has confirmed the subscription; events follow. Repeated after each reconnect.
  Callback<const SubscribedInfo&> onSubscribed = {};
  /// The server has refused or ended the subscription permanently. The last callback.
  Callback<const SubscriptionEnd&> onEnd = {};
};

/// Options of one publish.
struct PublishOptions {
  /// Requests an acknowledgement: the message is kept until its outcome is known, and `done` is called with it. Without
  /// it the message is sent at most once, and is lost with its connection.
  bool ack = false;
  /// With `ack`: if the outcome cannot be determined, resends the message instead of reporting `Unknown`. Then it may
  /// be published twice.
  bool resend = false;
};

/// Options of one request.
struct RequestOptions {
  /// Time limit from the call until the reply; then the request fails with code `timeout`. Zero: no limit.
  std::chrono::milliseconds timeout{10'000};
  /// Declares that executing the request twice has the same effect as once: it is resent if its connection is lost.
  /// Without it the request fails with code `connection-lost`.
  bool idempotent = false;
};

}  // namespace tidewire
