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

/// The question of `SessionOptions::token`: as whom does the next attempt connect?
///
/// Answer it at once or later, once; a second answer, and one to an attempt that is over, has no effect. The attempt
/// waits within `Options::connectTimeout`. When the last copy goes without an answer, the attempt fails.
///
/// Thread: any. Web: the thread that made the session.
class TokenRequest {
 public:
  using Answer = std::function<void(const EndpointRequest& request, std::string token, std::string url)>;
  explicit TokenRequest(EndpointRequest request, Answer answer, std::optional<SessionError> refusal)
      : request_(std::move(request)), answer_(std::move(answer)), refusal_(std::move(refusal)) {}

  /// As in `CloseInfo`.
  [[nodiscard]] std::uint64_t attempt() const { return request_.attempt(); }
  /// How the attempt before this one ended.
  [[nodiscard]] const std::optional<CloseInfo>& lastClose() const { return request_.lastClose(); }
  /// What the server said instead of `welcome`, or that the token has run out: mostly it is time for a fresh one.
  [[nodiscard]] const std::optional<SessionError>& refusal() const { return refusal_; }

  /// Connects with this token. One that is not UTF-8, or has more than some 16,000 bytes, counts as `fail`.
  void answer(std::string token) const { answer(std::move(token), request_.configured().url); }
  /// Connects with this token, and there.
  void answer(std::string token, std::string url) const { answer_(request_, std::move(token), std::move(url)); }
  /// Ends the attempt with cause `EndpointFailed` and `why` as its detail; it is retried like any other failure.
  void fail(std::string_view why) const { request_.fail(why); }

 private:
  EndpointRequest request_;
  Answer answer_;
  std::optional<SessionError> refusal_;
};

/// Bounds of what waits for the server: calls that are not sent yet, publishes that wait for their acknowledgement, and
/// requests that wait for their reply. Each counts 256 bytes besides its body.
struct OutboxOptions {
  std::size_t maxBytes = 16 * 1024 * 1024;
  std::size_t maxCalls = 65'536;
  /// How long a message may wait for others that join it in one WebSocket message. Zero: what is queued in the same
  /// turn of the loop is joined, and nothing waits.
  std::chrono::milliseconds batchDelay{0};
};

/// Session configuration besides `Options`, fixed at construction.
struct SessionOptions {
  /// Called before every attempt, so that `hello`, the first message of every connection, can carry a token. If the
  /// server says that the token has expired, it is called once more; a second refusal is final. Runs where callbacks
  /// run.
  Callback<TokenRequest> token = {};
  OutboxOptions outbox = {};
  /// Places besides the origin of the URL that was dialled to which a server may send this session for one connection
  /// (`goaway`), and so places that may see the token.
  ///
  /// Each is a host, with or without a port, as a URL has it: "b.example", "b.example:8443", "[::1]:9000". Without a
  /// port it means the default port of the scheme (443 for wss:, 80 for ws:). Case does not matter. What is no host
  /// allows nothing. A session never goes from wss: to ws:.
  std::vector<std::string> allowedHosts = {};
};

/// What holds for one subscription.
struct SubscribeOptions {
  /// The latest event is enough: where the client falls behind, older ones are left out, and counted in
  /// `Event::skipped`.
  bool conflate = false;
  /// Without `since`: how many of the newest events come first, at most; 1 shows a price at once.
  std::uint64_t replay = 0;
  /// What came after this position is wanted: each event, or one gap. Holds for each of several subscriptions to one
  /// channel.
  std::optional<ChannelPosition> since = {};
};

/// What a subscription calls. Each may be left out.
struct SubscriptionHandlers {
  Callback<const Event&> onEvent = {};
  Callback<const Gap&> onGap = {};
  Callback<const SubscribedInfo&> onSubscribed = {};
  Callback<const SubscriptionEnd&> onEnd = {};
};

/// What holds for one publish.
struct PublishOptions {
  /// Whether its fate is wanted, and the message kept until it is known. Without it the message is sent at most once,
  /// and lost with its connection.
  bool ack = false;
  /// With `ack`: where nobody can tell whether it was published, send it again instead of ending as `Unknown`. Then it
  /// may be published twice.
  bool resend = false;
};

/// What holds for one request.
struct RequestOptions {
  /// From the call until the reply. Zero: as long as it takes.
  std::chrono::milliseconds timeout{10'000};
  /// Doing it twice is the same as doing it once: it is sent again if its connection is lost.
  bool idempotent = false;
};

}  // namespace tidewire
