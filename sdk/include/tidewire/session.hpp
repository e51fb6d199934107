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

/// A subscription to one channel. Its destructor unsubscribes.
///
/// It may outlive its session; then it gets no further event. A default-constructed or moved-from subscription has no
/// channel, and every member is allowed on it.
///
/// Thread: any.
///
/// Platforms: Native: any thread. Web: the thread that made the session.
class Subscription {
 public:
  /// Makes a subscription without a channel.
  Subscription() noexcept;
  /// Unsubscribes; see `unsubscribe()`.
  ///
  /// Requires: the caller holds no lock that a callback of the session takes, unless it is inside one.
  ~Subscription();
  /// Takes over the subscription of `other`, which has no channel afterwards.
  Subscription(Subscription&& other) noexcept;
  /// Unsubscribes this, and takes over the subscription of `other`, which has no channel afterwards.
  Subscription& operator=(Subscription&& other) noexcept;

  /// Ends the subscription: no callback of it starts after this call.
  ///
  /// Waits for a callback of the session that is running on another thread; inside a callback of the session it returns
  /// at once. The server is informed when the last subscription to the channel ends. A second call has no effect.
  ///
  /// Thread: any.
  ///
  /// Platforms: Native: waits for a callback that runs on another thread. Web: never waits. Why: there is one thread.
  void unsubscribe();

  /// Returns: the channel; empty without one. The view is valid as long as this object or the one it was moved to.
  ///
  /// Thread: any.
  ///
  /// Platforms: the same everywhere.
  [[nodiscard]] std::string_view channel() const;
  /// Returns: whether the subscription is live: the connection is open and the server has confirmed the subscription.
  ///
  /// It is false while the server refuses the subscription temporarily; the session retries after one second to one
  /// minute.
  ///
  /// Thread: any.
  ///
  /// Platforms: the same everywhere.
  [[nodiscard]] bool isLive() const;
  /// Returns: the position of the last event that was delivered, or the starting position that the server confirmed;
  /// empty before that. Store it to continue with `SubscribeOptions::since`.
  ///
  /// Thread: any.
  ///
  /// Platforms: the same everywhere.
  [[nodiscard]] std::optional<ChannelPosition> position() const;
  /// Returns: the age of the last event by the server's clock, to judge how current a value is; empty before the first
  /// event, if the event has no time, and after the session is destroyed.
  ///
  /// The accuracy is that of `Session::serverTime`.
  ///
  /// Thread: any.
  ///
  /// Platforms: Web: with the resolution of the browser's clock, which may be coarse. Why: protection against timing
  /// attacks.
  [[nodiscard]] std::optional<std::chrono::milliseconds> age() const;

 private:
  friend class Session;
  explicit Subscription(std::shared_ptr<internal::SubscriptionShared> shared);

  std::shared_ptr<internal::SubscriptionShared> shared_;
};

/// Handle of a request. Destroying it does not cancel the request.
///
/// Thread: any.
///
/// Platforms: Native: any thread. Web: the thread that made the session.
class Request {
 public:
  /// Makes a handle without a request; `result()` is `Closed`.
  Request() noexcept = default;

  /// Returns: `Queued`, or why no request was queued: `Closed`, `TooLarge`, `QueueFull`, `InvalidName`, `InvalidUtf8`,
  /// `WrongThread`. Unless it is `Queued`, the callback is never called.
  ///
  /// Platforms: the same everywhere.
  [[nodiscard]] CallResult result() const noexcept { return result_; }
  /// Cancels the request: its callback does not start after this call, unless it has already started.
  ///
  /// Does not wait for a running callback. The server may execute the request nevertheless. Without a pending request
  /// it has no effect.
  ///
  /// Thread: any.
  ///
  /// Platforms: the same everywhere.
  void cancel();

 private:
  friend class Session;
  Request(CallResult result, std::shared_ptr<internal::CallShared> shared) noexcept
      : result_(result), shared_(std::move(shared)) {}

  CallResult result_ = CallResult::Closed;
  std::shared_ptr<internal::CallShared> shared_;
};

/// A connection to a server that speaks "tidewire.v1" (docs/protocol.md): channels, publishing with acknowledgement,
/// and requests.
///
/// It reconnects by itself and resumes: each event of a subscription is delivered exactly once and in order, or one
/// `Gap` reports the missing ones. The state is `Open` once the server has sent `welcome`. Calls may be made in any
/// state but `Closing` and `Closed`; they wait in the outbox for the connection.
///
/// Callbacks: no callback runs inside a call of the application other than `poll`, and callbacks of one session never
/// run concurrently. Every attempt that began ends in exactly one `onClose`. A callback may call any member, and may
/// destroy the session. An exception that leaves a callback ends the program.
///
/// Lifetime: at the end of the program (`exit`, or return from `main`) the remaining sessions are closed, and later
/// calls have no effect. A session that was moved from may only be destroyed or assigned to.
///
/// Thread: any, for every member.
///
/// Platforms: Native: any thread. Web: the thread that made the session. From another thread, members with a
/// `WrongThread` result return it, `poll` runs nothing, `subscribe` and setting a handler have no effect, and the other
/// members must not be called. Why: a browser's socket belongs to its thread.
class Session {
 public:
  /// Makes a session in `State::Idle` with a copy of the options.
  ///
  /// It does not connect, and does not check the options: `connect()` and `connectFault()` do.
  ///
  /// Thread: any.
  ///
  /// Platforms: Native: the first client or session without `Options::loop` starts Tidewire's thread. Web: there is no
  /// such thread.
  explicit Session(Options options, SessionOptions session = {});
  /// Ends the session at once: no closing handshake, no further callback of the session, its subscriptions and its
  /// calls. Calls without an outcome are lost without a report.
  ///
  /// Waits for a callback of this session, or a call of its log sink, that is running on another thread; never for the
  /// network. Inside a callback of this session it returns at once, and that handler stays alive until it returns.
  ///
  /// Requires: the caller holds no lock that a callback takes.
  /// Thread: any.
  ///
  /// Platforms: Native: waits for a callback that runs on another thread. Web: never waits. Why: there is one thread.
  ~Session();
  /// Takes the connection and the handlers over. `other` may then only be destroyed or assigned to.
  Session(Session&& other) noexcept;
  /// Ends this session as its destructor does, then takes over `other`, which may then only be destroyed or assigned
  /// to.
  Session& operator=(Session&& other) noexcept;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Begins the first connection attempt and returns without waiting for it.
  ///
  /// Success is reported by `onOpen`, failure by `onClose`. In `Closed` it starts anew, with a fresh retry count. In
  /// `Closing` the attempt begins once the session has closed. Subscriptions resume.
  ///
  /// Thread: any.
  /// Returns: `Started`, or why no attempt begins, which is `AlreadyStarted`, `InvalidUrl`, `InvalidHeader` or
  /// `InvalidOption`; `connectFault()` explains. Natively also `Unavailable`. On the web also `Unsupported` and
  /// `WrongThread`.
  ///
  /// Platforms: Native: never returns `Unsupported`. Web: returns `Unsupported` if `tls`, `headers` or user info in the
  /// URL are set; never returns `Unavailable`.
  ConnectResult connect();
  /// Describes, for people, the first option that makes `connect()` fail, as in "url: a fragment is not allowed".
  ///
  /// The text begins with the name of the option. The wording is not stable; do not parse it.
  ///
  /// Thread: any.
  /// Returns: the text; empty if the options are valid.
  ///
  /// Platforms: Web: also names options that the web does not support.
  [[nodiscard]] std::string connectFault() const;
  /// Closes the session for good: if it is open, sends the queued calls, waits for outstanding acknowledgements, and
  /// runs the closing handshake (RFC 6455 section 7.1.2), all within `Options::closeTimeout`.
  ///
  /// Returns without waiting; `onClose` reports the end. Then each call without an answer ends: a publish with
  /// `Unknown` or `NotSent`, a request with code `closed`. Subscriptions stay, and resume with the next `connect()`.
  ///
  /// Requires: `code` is 1000 or from 3000 to 4999; `reason` is UTF-8 of at most 123 bytes.
  /// Thread: any.
  /// Returns: `Accepted`, or why nothing changed, which is `AlreadyClosed`, `InvalidCode` or `InvalidReason`. On the
  /// web also `WrongThread`.
  ///
  /// Platforms: Native: cuts the connection when `closeTimeout` passes. Web: the browser may go on sending buffered
  /// messages after `closeTimeout`. Why: a page cannot cut a connection.
  CloseResult close(std::uint16_t code = 1000, std::string_view reason = {});
  /// Drops the current connection, or the retry delay, and begins an attempt at once.
  ///
  /// Subscriptions and the outbox are kept. The attempt that was dropped ends with cause `ReconnectRequested`. Requests
  /// that were sent and are not idempotent fail with code `connection-lost`.
  ///
  /// Thread: any.
  /// Returns: `Started`; `Closed` if nothing changed. On the web also `WrongThread`.
  ///
  /// Platforms: Native: cuts the connection; the server sees its end without a Close frame. Web: the browser closes it;
  /// the server sees a Close frame without a code. Why: a page cannot cut a connection.
  ReconnectResult reconnect();
  /// Sends the protocol's `ping` now, without waiting for `HeartbeatOptions::interval`.
  ///
  /// Its answer reaches `onHeartbeat`; a missing answer ends the connection with cause `HeartbeatTimeout`. If one is
  /// already under way, no second one is sent.
  ///
  /// Thread: any.
  /// Returns: `Asked`; `NotOpen` if no ping is sent. Never `Unsupported`. On the web also `WrongThread`.
  ///
  /// Platforms: the same everywhere.
  HeartbeatResult heartbeat();

  /// Subscribes to `channel`, across reconnects, until the returned object is destroyed.
  ///
  /// Several subscriptions to one channel share the events on the wire. `SubscribeOptions::since` holds for each of
  /// them: if the channel is already past that position, the session subscribes again from there, and meanwhile none of
  /// the channel's subscriptions is live. `SubscribeOptions::replay` holds for the first; a later one gets only new
  /// events.
  ///
  /// Not promised: that the server keeps enough history. If it does not, `onGap` reports the missing events.
  ///
  /// Requires: `channel` has 1 to 255 bytes of UTF-8 without control characters.
  /// Thread: any; any state.
  /// Returns: the subscription. With an invalid channel name it ends at once, through `onEnd` with code
  /// `unknown-channel`.
  ///
  /// Platforms: the same everywhere.
  [[nodiscard]] Subscription subscribe(std::string_view channel, SubscribeOptions options,
                                       SubscriptionHandlers handlers);
  /// Subscribes to `channel` with default `SubscribeOptions`: new events only, none left out.
  ///
  /// Requires: `channel` has 1 to 255 bytes of UTF-8 without control characters.
  /// Thread: any; any state.
  /// Returns: the subscription, which unsubscribes when destroyed. With an invalid channel name it ends at once,
  /// through `onEnd` with code `unknown-channel`.
  ///
  /// Platforms: the same everywhere.
  [[nodiscard]] Subscription subscribe(std::string_view channel, SubscriptionHandlers handlers) {
    return subscribe(channel, {}, std::move(handlers));
  }

  /// Publishes `text` on `channel`, and returns without waiting for the network. The payload is copied.
  ///
  /// With `PublishOptions::ack`, `done` is called exactly once with the outcome, unless the session is destroyed first.
  /// Without it `done` is never called, and the message is lost if its connection ends before it has arrived.
  ///
  /// Requires: `channel` has 1 to 255 bytes of UTF-8 without control characters.
  /// Thread: any. `done` runs where callbacks run.
  /// Returns: `Queued`, or why nothing was queued: `Closed`, `TooLarge`, `QueueFull`, `InvalidName`, `InvalidUtf8`,
  /// `WrongThread`.
  ///
  /// Platforms: the same everywhere.
  CallResult publish(std::string_view channel, std::string_view text, const PublishOptions& options = {},
                     Callback<const Ack&> done = {});
  /// Publishes `bytes` on `channel`, and returns without waiting for the network. The payload is copied.
  ///
  /// With `PublishOptions::ack`, `done` is called exactly once with the outcome, unless the session is destroyed first.
  /// Without it `done` is never called, and the message is lost if its connection ends before it has arrived.
  ///
  /// Requires: `channel` has 1 to 255 bytes of UTF-8 without control characters.
  /// Thread: any. `done` runs where callbacks run.
  /// Returns: `Queued`, or why nothing was queued: `Closed`, `TooLarge`, `QueueFull`, `InvalidName`, `WrongThread`.
  ///
  /// Platforms: the same everywhere.
  CallResult publishBytes(std::string_view channel, std::span<const std::byte> bytes,
                          const PublishOptions& options = {}, Callback<const Ack&> done = {});

  /// Sends a request with body `text`, and returns without waiting for the network. The body is copied.
  ///
  /// `done` is called exactly once with the reply or an error, unless the request is cancelled, was not queued, or the
  /// session is destroyed first. If the connection is lost, the request fails with code `connection-lost`, unless
  /// `RequestOptions::idempotent` is set.
  ///
  /// Requires: `method` has 1 to 255 bytes of UTF-8 without control characters.
  /// Thread: any. `done` runs where callbacks run.
  /// Returns: a handle to cancel it. Its `result()` is `Queued`, or why nothing was queued: `Closed`, `TooLarge`,
  /// `QueueFull`, `InvalidName`, `InvalidUtf8`, `WrongThread`.
  ///
  /// Platforms: the same everywhere.
  Request request(std::string_view method, std::string_view text, const RequestOptions& options,
                  Callback<const Reply&> done);
  /// Sends a request with body `bytes`, and returns without waiting for the network. The body is copied.
  ///
  /// `done` is called exactly once with the reply or an error, unless the request is cancelled, was not queued, or the
  /// session is destroyed first. If the connection is lost, the request fails with code `connection-lost`, unless
  /// `RequestOptions::idempotent` is set.
  ///
  /// Requires: `method` has 1 to 255 bytes of UTF-8 without control characters.
  /// Thread: any. `done` runs where callbacks run.
  /// Returns: a handle to cancel it. Its `result()` is `Queued`, or why nothing was queued: `Closed`, `TooLarge`,
  /// `QueueFull`, `InvalidName`, `WrongThread`.
  ///
  /// Platforms: the same everywhere.
  Request requestBytes(std::string_view method, std::span<const std::byte> bytes, const RequestOptions& options,
                       Callback<const Reply&> done);

  /// Sends the server a fresh token: at once if the session is open, and in every later `hello` for which
  /// `SessionOptions::token` supplies none.
  ///
  /// If the server refuses it, `onError` reports the error; the connection goes on with its previous token.
  ///
  /// Requires: `token` is UTF-8 of at most about 16,000 bytes, and names the same user.
  /// Thread: any; any state.
  /// Returns: `Queued`; `TooLarge` or `InvalidUtf8` if nothing changed. On the web also `WrongThread`.
  ///
  /// Platforms: the same everywhere.
  CallResult authenticate(std::string token);

  /// Blocks until the session is open, for programs without a loop of their own.
  ///
  /// Requires: not called from a callback, nor from the thread that turns the loop.
  /// Thread: any other.
  /// Returns: `Reached`; `Closed` if the session has closed for good or `connect()` was never called; `TimedOut`;
  /// `WrongThread`; `Unsupported`.
  ///
  /// Platforms: Native: `Unsupported` with `Options::loop`; `WrongThread` in a callback, and on the thread of the loop.
  /// Web: always `Unsupported`. Why: a page cannot block.
  WaitResult waitOpen(std::chrono::milliseconds timeout) const;
  /// Blocks until the session has closed for good. A session on which `connect()` was never called counts as closed.
  ///
  /// Requires: not called from a callback, nor from the thread that turns the loop.
  /// Thread: any other.
  /// Returns: `Reached`, `TimedOut`, `WrongThread`, `Unsupported`.
  ///
  /// Platforms: Native: `Unsupported` with `Options::loop`; `WrongThread` in a callback, and on the thread of the loop.
  /// Web: always `Unsupported`. Why: a page cannot block.
  WaitResult waitClosed(std::chrono::milliseconds timeout) const;
  /// Runs the callbacks that are due, on the calling thread; see `Callbacks::Poll`.
  ///
  /// Callbacks beyond `budget` wait for the next call. Does not wait for events.
  ///
  /// Thread: any; callbacks run one at a time.
  /// Returns: how many callbacks ran. Always 0 unless `Options::callbacks` is `Callbacks::Poll`, inside a callback of
  /// this session, and while another thread polls it.
  ///
  /// Platforms: the same everywhere.
  std::size_t poll(PollBudget budget = {});
  /// Returns: the current connection state. `Open` means that the server has sent `welcome`.
  ///
  /// Thread: any.
  ///
  /// Platforms: Native: may lag behind the loop's thread. Web: exact.
  [[nodiscard]] State state() const;
  /// Returns: counters since construction, and the current queue sizes; see `Stats` for how recent they are.
  ///
  /// Messages are WebSocket messages, each of which may carry several protocol messages.
  ///
  /// Thread: any.
  ///
  /// Platforms: see the fields of `Stats`.
  [[nodiscard]] Stats stats() const;
  /// Returns: the most recent events of this session, one line each, the oldest first, for a bug report.
  ///
  /// `Options::flightRecorder` sets how many. By default there is no payload in it. URLs appear without user info and
  /// query. Line breaks and control characters are escaped (`\n`, `\x1b`). The format is not stable; do not parse it.
  ///
  /// Thread: any.
  ///
  /// Platforms: the same everywhere.
  [[nodiscard]] std::string flightRecord() const;

  /// Returns: the server's clock, since 1970 (UTC), as estimated from the shortest round trip so far; empty before the
  /// first `welcome`.
  ///
  /// The error is at most about half of that round trip, if both clocks run at the same rate.
  ///
  /// Thread: any.
  ///
  /// Platforms: Web: with the resolution of the browser's clock, which may be coarse. Why: protection against timing
  /// attacks.
  [[nodiscard]] std::optional<std::chrono::milliseconds> serverTime() const;

  // Handlers run on the thread that `Options::callbacks` chooses.

  /// Sets the handler for an open session: the server has sent `welcome`.
  ///
  /// Replaces the previous handler from the next event on. Events without a handler are lost.
  ///
  /// Thread: any.
  ///
  /// Platforms: the same everywhere.
  template <std::invocable<const Opened&> Handler>
  void onOpen(Handler handler) {
    setOnOpen(internal::guarded<Opened>(std::move(handler)));
  }
  /// Sets the handler for the end of an attempt. It runs exactly once for each attempt, as its last event.
  ///
  /// Replaces the previous handler from the next event on. Events without a handler are lost.
  ///
  /// Thread: any.
  ///
  /// Platforms: the same everywhere; see the fields of `CloseInfo`.
  template <std::invocable<const CloseInfo&> Handler>
  void onClose(Handler handler) {
    setOnClose(internal::guarded<CloseInfo>(std::move(handler)));
  }
  /// Sets the handler for a change of the connection state. It runs before the `onOpen` or `onClose` of that change.
  ///
  /// Replaces the previous handler from the next event on. Events without a handler are lost.
  ///
  /// Thread: any.
  ///
  /// Platforms: the same everywhere.
  template <std::invocable<const StateChange&> Handler>
  void onStateChange(Handler handler) {
    setOnStateChange(internal::guarded<StateChange>(std::move(handler)));
  }
  /// Sets the handler for an answered heartbeat: the server has answered a `ping`.
  ///
  /// Replaces the previous handler from the next event on. Events without a handler are lost.
  ///
  /// Thread: any.
  ///
  /// Platforms: the same everywhere.
  template <std::invocable<const HeartbeatInfo&> Handler>
  void onHeartbeat(Handler handler) {
    setOnHeartbeat(internal::guarded<HeartbeatInfo>(std::move(handler)));
  }
  /// Sets the handler for an error of the server that concerns the connection, or the refusal of a token. Errors of
  /// calls and subscriptions reach their own callbacks.
  ///
  /// Replaces the previous handler from the next event on. Events without a handler are lost.
  ///
  /// Thread: any.
  ///
  /// Platforms: the same everywhere.
  template <std::invocable<const SessionError&> Handler>
  void onError(Handler handler) {
    setOnError(internal::guarded<SessionError>(std::move(handler)));
  }
  /// Removes the handler for an open session. Thread: any.
  void onOpen(std::nullptr_t) { setOnOpen({}); }
  /// Removes the handler for the end of an attempt. Thread: any.
  void onClose(std::nullptr_t) { setOnClose({}); }
  /// Removes the handler for state changes. Thread: any.
  void onStateChange(std::nullptr_t) { setOnStateChange({}); }
  /// Removes the handler for answered heartbeats. Thread: any.
  void onHeartbeat(std::nullptr_t) { setOnHeartbeat({}); }
  /// Removes the handler for errors. Thread: any.
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
