#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "tidewire/client.hpp"
#include "tidewire/session_events.hpp"
#include "tidewire/session_options.hpp"

namespace tidewire {

namespace internal {
class SessionShared;
class SubscriptionShared;
class CallShared;
struct SessionAccess;
}  // namespace internal

/// A subscription to one channel, for as long as this object lives. It may outlive its session.
///
/// Thread: any. Web: the thread that made the session.
class Subscription {
 public:
  /// Of no channel.
  Subscription() noexcept;
  /// Unsubscribes.
  ~Subscription();
  Subscription(Subscription&& other) noexcept;
  Subscription& operator=(Subscription&& other) noexcept;

  /// No callback of it starts after this. Waits for one that runs on another thread; inside a callback of the session
  /// it returns at once. The last subscription to a channel tells the server.
  void unsubscribe();

  [[nodiscard]] std::string_view channel() const;
  /// Whether events flow: the server has answered, and the connection is open. Not while the server refuses the
  /// subscription for the moment; the session then tries again, every second to every minute.
  [[nodiscard]] bool isLive() const;
  /// Of the last event that a callback got, or where the server said that events begin.
  [[nodiscard]] std::optional<ChannelPosition> position() const;
  /// How old the last event is by the server's clock: how far a price may be trusted. Nothing before the first event,
  /// and where the server tells no time.
  [[nodiscard]] std::optional<std::chrono::milliseconds> age() const;

 private:
  friend class Session;
  explicit Subscription(std::shared_ptr<internal::SubscriptionShared> shared);

  std::shared_ptr<internal::SubscriptionShared> shared_;
};

/// A request on its way. It may be thrown away: the request goes on.
class Request {
 public:
  Request() noexcept = default;

  [[nodiscard]] CallResult result() const noexcept { return result_; }
  /// The reply is not wanted any more: its callback does not start after this, unless it has.
  void cancel();

 private:
  friend class Session;
  Request(CallResult result, std::shared_ptr<internal::CallShared> shared) noexcept
      : result_(result), shared_(std::move(shared)) {}

  CallResult result_ = CallResult::Closed;
  std::shared_ptr<internal::CallShared> shared_;
};

/// A connection to a server that speaks "tidewire.v1" (docs/protocol.md): channels, publishing with acknowledgement,
/// requests. It reconnects as a `Client` does, and resumes: each event of a subscription comes exactly once and in
/// order, or one `Gap` tells what is missing.
///
/// Callbacks, threads and lifetime are those of `Client`. The state is `Open` once the server has said `welcome`.
/// Calls may be made at any time; they wait, within the bounds of the outbox, for the connection.
class Session {
 public:
  /// Makes a session in state `Idle`. Nothing happens before `connect()`.
  ///
  /// Errors: `connect()` returns `InvalidOption` for an option that only a `Client` has a use for; see `Options`.
  explicit Session(Options options, SessionOptions session = {});
  /// As `Client`'s: no closing handshake, no further callback, neither here nor of subscriptions and calls.
  ~Session();
  Session(Session&& other) noexcept;
  Session& operator=(Session&& other) noexcept;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  ConnectResult connect();
  [[nodiscard]] std::string connectFault() const;
  /// Ends the connection for good: sends what was queued while open, waits for acknowledgements that are due, and
  /// closes, all within `Options::closeTimeout`. Then each call that is not answered ends. Subscriptions stay,
  /// and go on with the next `connect()`.
  CloseResult close(std::uint16_t code = 1000, std::string_view reason = {});
  ReconnectResult reconnect();
  /// Asks the server for a sign of life now; the answer reaches `onHeartbeat`.
  HeartbeatResult heartbeat();

  /// Subscribes from now on, also across reconnects, until the result is gone.
  ///
  /// Several subscriptions to one channel share what goes over the wire. `since` counts for each of them: where the
  /// channel stands behind it already, the session asks the server again, during which none of them is live. `replay`
  /// counts for the first; a later one gets events from then on.
  ///
  /// Returns: a subscription; where `channel` cannot name one it ends at once, with error `unknown-channel`.
  [[nodiscard]] Subscription subscribe(std::string_view channel, SubscribeOptions options,
                                       SubscriptionHandlers handlers);
  [[nodiscard]] Subscription subscribe(std::string_view channel, SubscriptionHandlers handlers) {
    return subscribe(channel, {}, std::move(handlers));
  }

  /// Publishes `text`. The payload is copied.
  ///
  /// With `PublishOptions::ack`, `done` is told exactly once what became of it. Without, `done` is never called.
  CallResult publish(std::string_view channel, std::string_view text, const PublishOptions& options = {},
                     Callback<const Ack&> done = {});
  CallResult publishBytes(std::string_view channel, std::span<const std::byte> bytes,
                          const PublishOptions& options = {}, Callback<const Ack&> done = {});

  /// Asks the server for something; `done` is told exactly once what it answers, unless the request is cancelled.
  Request request(std::string_view method, std::string_view text, const RequestOptions& options,
                  Callback<const Reply&> done);
  Request requestBytes(std::string_view method, std::span<const std::byte> bytes, const RequestOptions& options,
                       Callback<const Reply&> done);

  /// Gives the server a fresh token, now if there is a connection, and with every `hello` from here on that
  /// `SessionOptions::token` does not give one for. If the server refuses it, `onError` tells.
  CallResult authenticate(std::string token);

  /// As `Client`'s.
  WaitResult waitOpen(std::chrono::milliseconds timeout) const;
  WaitResult waitClosed(std::chrono::milliseconds timeout) const;
  std::size_t poll(PollBudget budget = {});
  [[nodiscard]] State state() const;
  /// Messages are those of WebSocket, of which each may hold several of the protocol.
  [[nodiscard]] Stats stats() const;
  [[nodiscard]] std::string flightRecord() const;

  /// The server's clock, since 1970, as estimated from the quickest round trip so far. Nothing before the first
  /// `welcome`.
  [[nodiscard]] std::optional<std::chrono::milliseconds> serverTime() const;

  /// The server has said `welcome`.
  template <std::invocable<const Opened&> Handler>
  void onOpen(Handler handler) {
    setOnOpen(internal::guarded<Opened>(std::move(handler)));
  }
  template <std::invocable<const CloseInfo&> Handler>
  void onClose(Handler handler) {
    setOnClose(internal::guarded<CloseInfo>(std::move(handler)));
  }
  template <std::invocable<const StateChange&> Handler>
  void onStateChange(Handler handler) {
    setOnStateChange(internal::guarded<StateChange>(std::move(handler)));
  }
  template <std::invocable<const HeartbeatInfo&> Handler>
  void onHeartbeat(Handler handler) {
    setOnHeartbeat(internal::guarded<HeartbeatInfo>(std::move(handler)));
  }
  /// The server has told an error that concerns the connection, or refused a token.
  template <std::invocable<const SessionError&> Handler>
  void onError(Handler handler) {
    setOnError(internal::guarded<SessionError>(std::move(handler)));
  }
  void onOpen(std::nullptr_t) { setOnOpen({}); }
  void onClose(std::nullptr_t) { setOnClose({}); }
  void onStateChange(std::nullptr_t) { setOnStateChange({}); }
  void onHeartbeat(std::nullptr_t) { setOnHeartbeat({}); }
  void onError(std::nullptr_t) { setOnError({}); }

 private:
  friend struct internal::SessionAccess;
  explicit Session(std::shared_ptr<internal::SessionShared> shared);

  void setOnOpen(std::function<void(const Opened&)> handler);
  void setOnClose(std::function<void(const CloseInfo&)> handler);
  void setOnStateChange(std::function<void(const StateChange&)> handler);
  void setOnHeartbeat(std::function<void(const HeartbeatInfo&)> handler);
  void setOnError(std::function<void(const SessionError&)> handler);

  std::shared_ptr<internal::SessionShared> shared_;
};

}  // namespace tidewire
