#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidewire {

/// Connection state of a client or session. `docs/design.md` draws every transition.
enum class State : std::uint8_t {
  /// Before the first `connect()`.
  Idle,
  /// An attempt is under way: endpoint function, name look-up, TCP, TLS and the opening handshake (RFC 6455 section 4).
  Connecting,
  /// The connection is open and messages flow. A session is open once the server has sent `welcome`.
  Open,
  /// `close()` was called: queued messages are sent, then the closing handshake runs (RFC 6455 section 7.1.2).
  Closing,
  /// The last attempt ended; the next one begins after the retry delay.
  Waiting,
  /// Closed for good, until `connect()` is called again.
  Closed,
};

/// Returns: the enumerator's name, such as "Connecting", for logs and user interfaces.
[[nodiscard]] std::string_view nameOf(State state) noexcept;

/// Why a connection attempt ended.
enum class CloseCause : std::uint8_t {
  /// The application called `close()`.
  ClosedByUser,
  /// `reconnect()`, or a server's `goaway`, dropped this connection in favour of a new one.
  ReconnectRequested,
  /// The peer sent a Close frame; `CloseInfo::code` and `reason` are the peer's.
  ClosedByPeer,
  /// The open connection ended without a Close frame (code 1006).
  ///
  /// Platforms: Native: the end without a Close frame. Web: also violations of RFC 6455. Why: a page does not see the
  /// violation.
  ConnectionLost,
  /// No connection was made: name not found, refused, unreachable. Retried.
  ///
  /// Platforms: Native: no address, refused, unreachable, no randomness for the handshake's key, or a peer that does
  /// not speak HTTP or TLS; `detail` quotes its first bytes. Web: every failure before the connection is open, and
  /// addresses that the browser forbids (Content-Security-Policy, mixed content); the latter is final without an
  /// `endpoint` function.
  ConnectFailed,
  /// The server answered the handshake with something other than a valid 101 response; see `CloseInfo::httpStatus`.
  /// `ReconnectOptions` describes which answers are final.
  ///
  /// Platforms: Native: 401 and 403 are final, once more with an `endpoint` function; 404 and the like are retried
  /// slowly, and final the third time if nothing has ever opened. Web: never: `ConnectFailed`, retried as usual.
  HandshakeRefused,
  /// The server's certificate is not trusted, or is for another name. Final.
  ///
  /// Platforms: Native: final. Web: never: `ConnectFailed`, retried.
  UntrustedCertificate,
  /// The attempt was not open within `Options::connectTimeout`.
  ConnectTimeout,
  /// Nothing arrived within `HeartbeatOptions::timeout` after a heartbeat, or within `HeartbeatOptions::silence`.
  HeartbeatTimeout,
  /// The peer violated RFC 6455, or a session's server violated the session protocol. `CloseInfo::code` is the code
  /// sent to the peer: 1002 or 1007; of a session also 4000, and 1011 if this system provides no random numbers.
  /// Retried.
  ///
  /// Platforms: Native: retried. Web: of a session as natively, with code 4000; else never: `ConnectionLost`, retried.
  ProtocolError,
  /// A message exceeded `Options::maxMessageBytes`. Final for a client; a session retries.
  ///
  /// Platforms: Native: final. Web: final.
  MessageTooBig,
  /// The delivery queue was full, and a page cannot pause its peer. Retried.
  ///
  /// Platforms: Native: never. Web: retried.
  SlowConsumer,
  /// The machine lacks something that the transport needs; `CloseInfo::detail` names it. Final.
  ///
  /// Platforms: Native: libwebsockets lacks its libev plugin, or a certificate file cannot be read. Web: there is no
  /// WebSocket: in Node before version 22 without `ws` as the global one, or where a page has removed it.
  Unavailable,
  /// `Options::endpoint` failed, or supplied an endpoint that cannot be used; `CloseInfo::detail` says why. Retried.
  EndpointFailed,
  /// The machine slept or the page was frozen, no heartbeat can be sent, and `HeartbeatOptions::onWake` is `Reconnect`.
  ///
  /// Platforms: Native: never: a Ping can always be sent. Web: if `onWake` is `Reconnect` and no heartbeat can be sent.
  WokeUp,
};

/// Number of enumerators of `CloseCause`.
inline constexpr std::size_t kCloseCauseCount = 15;

/// Returns: the enumerator's name, such as "ConnectionLost".
[[nodiscard]] std::string_view nameOf(CloseCause cause) noexcept;

/// Event of `onStateChange`.
struct StateChange {
  /// State before the change.
  State from = State::Idle;
  /// State after the change.
  State to = State::Idle;
};

/// Duration of each step of a connection attempt. A step that did not happen, or that the platform hides, is empty.
///
/// Platforms: see the members.
struct HandshakeTimes {
  /// The call of `Options::endpoint`, if it is set, until its answer.
  std::optional<std::chrono::microseconds> endpoint = {};
  /// Name look-up; empty for an address literal and for localhost.
  ///
  /// Platforms: Native: if the attempt had the step. Web: never. Why: a page does not see it.
  std::optional<std::chrono::microseconds> lookUp = {};
  /// TCP connection, from the first address tried (RFC 8305).
  ///
  /// Platforms: Native: if the attempt had the step. Web: never. Why: a page does not see it.
  std::optional<std::chrono::microseconds> connect = {};
  /// TLS handshake; empty for ws: URLs.
  ///
  /// Platforms: Native: if the attempt had the step. Web: never. Why: a page does not see it.
  std::optional<std::chrono::microseconds> tls = {};
  /// WebSocket handshake, from the HTTP request to its response.
  ///
  /// Platforms: Native: if the attempt had the step. Web: never. Why: a page does not see it.
  std::optional<std::chrono::microseconds> upgrade = {};
};

/// Event of `onOpen`: the connection is open.
struct Opened {
  /// Subprotocol that the server chose (RFC 6455 section 1.9); empty if none was offered.
  ///
  /// Platforms: Web: same, but empty where Firefox omits its own event; see `onOpen`. Node: same.
  std::string subprotocol = {};
  /// Number of the attempt, counted from 1 over the life of the client.
  std::uint64_t attempt = 1;
  /// Number of connections that were open before this one.
  std::uint64_t reconnects = 0;
  /// From the start of the attempt until open.
  ///
  /// Platforms: Native: microseconds. Web: with the resolution of the browser's clock; in JavaScript less for a
  /// connection that was made while the wasm loaded.
  std::chrono::microseconds handshakeTime{0};
  /// `handshakeTime` by step.
  HandshakeTimes times = {};
  /// `Session` only: the server still has the state of the session, including which publishes it has made.
  bool resumed = false;
};

/// Event of `onClose`: an attempt has ended. It is the last event of its attempt, and there is exactly one for each
/// attempt that began, whether it opened or not.
struct CloseInfo {
  /// Why the attempt ended.
  CloseCause cause = CloseCause::ConnectionLost;
  /// Close code (RFC 6455 section 7.4). 1005: the Close frame had no code. 1006: there was no Close frame.
  ///
  /// Platforms (after a closing handshake): Native: the peer's. Web: the peer's, as far as the browser reports it.
  ///
  /// Platforms (after a protocol violation): Native: the code sent to the peer: 1002, or 1007 for bad UTF-8. Web: 1006.
  /// Why: a page does not see the violation.
  ///
  /// Platforms (with `MessageTooBig`): Native: 1009, as sent to the peer. Web: 4009. Why: see `maxMessageBytes`.
  std::uint16_t code = 1006;
  /// Close reason, of the peer or of this side; UTF-8.
  ///
  /// Platforms (after a protocol violation): Native: the violated rule, as sent to the peer. Web: none. Why: a page
  /// does not see the violation.
  ///
  /// Platforms (with `MessageTooBig`): Native: the violated rule, as sent to the peer. Web: "message too big". Why: see
  /// `maxMessageBytes`.
  std::string reason = {};
  /// Description for people, one line of at most 1,000 bytes. It may quote the server. The wording is not stable; do
  /// not parse it.
  ///
  /// Platforms: Native: also names each address, the TLS alert or certificate error, the HTTP response with the
  /// server's words, the violated rule. Web: the close code and reason, the exceeded limit, and little more than the
  /// cause of a failed attempt. Why: browsers hide the rest.
  std::string detail = {};
  /// HTTP status of the handshake response; 0 if none arrived.
  ///
  /// Platforms: Native: the handshake's status. Web: always 0. Why: browsers hide it.
  int httpStatus = 0;
  /// Whether this attempt had reached `State::Open`.
  bool wasOpen = false;
  /// Whether another attempt follows by itself.
  bool willRetry = false;
  /// Delay before that attempt; 0 without a retry.
  ///
  /// Platforms: Native: includes `Retry-After`. Web: without `Retry-After`. Why: see `maxRetryAfter`.
  std::chrono::milliseconds retryIn{0};
  /// Number of the attempt, counted from 1 over the life of the client.
  std::uint64_t attempt = 0;
  /// Messages that were dropped from the send queue because the client closed for good. 0 if a retry follows.
  std::size_t droppedMessages = 0;
  /// Messages that were handed to the platform and whose arrival is unknown: no answer to a later heartbeat or Close
  /// frame confirmed them. They are never sent again.
  ///
  /// Platforms: Native: an answered Ping or text, or an answered Close frame, confirms. Web: an answered text, or an
  /// answered Close frame, confirms. Why: a page has no Ping frame.
  std::uint64_t unconfirmedMessages = 0;
  /// At least three attempts have failed since `connect()`, and none has opened: most likely the address, the network
  /// or a permission is wrong. Attempts ended by `reconnect()` or `close()` do not count.
  bool neverOpened = false;
};

/// Why messages were dropped from the send queue.
enum class DropReason : std::uint8_t {
  /// The client closed for good before they were sent.
  Closed,
  /// They stayed in the queue longer than `SendQueueOptions::maxAge`.
  Expired,
  /// A newer message took their place under `WhenFull::DropOldest`.
  Displaced,
  /// They were sent inside `onOpen`, or under `SendQueueOptions::whenNotOpen = Refuse`, and that connection ended
  /// before
  /// they left.
  ///
  /// Platforms: Web: also when `pause()` delayed that `onOpen` until after the connection ended.
  Stale,
  /// They were sent before the client could judge them, and its send queue does not accept them.
  ///
  /// Platforms: Native: never. Web: only in the JavaScript package, for messages sent before its wasm has loaded. Why:
  /// the limits are known in the wasm.
  Refused,
};

/// Returns: the enumerator's name, such as "Expired".
[[nodiscard]] std::string_view nameOf(DropReason reason) noexcept;

/// Event of `onDropped`: messages that `send` accepted will never be sent.
///
/// One event covers all messages dropped at once for one reason. Messages dropped because an attempt ended are reported
/// before its `onClose`.
struct Dropped {
  /// Why they were dropped.
  DropReason reason = DropReason::Closed;
  /// Number of messages.
  std::size_t messages = 0;
  /// Their payload bytes.
  std::size_t bytes = 0;
};

/// Event of `onDrain`: the buffered amount has fallen to `SendQueueOptions::lowWaterBytes` or below.
///
/// Platforms: Web: the browser's buffer is polled every 4 ms while it is not empty. Why: a page has no event for it.
struct Drained {
  /// Payload bytes still buffered; see `Client::bufferedAmount`.
  std::size_t bufferedAmount = 0;
};

/// Round-trip times of one connection, measured by heartbeats.
///
/// Platforms: see the members.
struct RoundTrips {
  /// Newest measurement.
  ///
  /// Platforms: Native: microseconds. Web: with the resolution of the browser's clock; may be 0.
  std::chrono::microseconds last{0};
  /// Exponential moving average in which the newest measurement weighs one eighth (RFC 6298 section 2).
  ///
  /// Platforms: Native: microseconds. Web: with the resolution of the browser's clock; may be 0.
  std::chrono::microseconds smoothed{0};
  /// Shortest measurement.
  ///
  /// Platforms: Native: microseconds. Web: with the resolution of the browser's clock; may be 0.
  std::chrono::microseconds min{0};
};

/// Event of `onHeartbeat`: the peer has answered a heartbeat.
struct HeartbeatInfo {
  /// From sending the heartbeat to its answer.
  ///
  /// Platforms: Native: microseconds. Web: with the resolution of the browser's clock; may be 0.
  std::chrono::microseconds roundTrip{0};
  /// Round-trip times of this connection, with this one.
  RoundTrips roundTrips = {};
};

/// Result of `Client::connect` and `Session::connect`.
enum class ConnectResult : std::uint8_t {
  /// An attempt begins; exactly one `onClose` will end it.
  Started,
  /// Nothing changed: the client is already connecting, open, or waiting to retry.
  AlreadyStarted,
  /// `Options::url` is not an absolute ws: or wss: URL that RFC 3986 and RFC 6455 allow.
  InvalidUrl,
  /// An entry of `Options::subprotocols` is not an RFC 7230 token, or is repeated.
  InvalidSubprotocol,
  /// An option is set that this platform cannot honour; `docs/platforms.md` lists them.
  ///
  /// Platforms: Native: never. Web: for `tls`, `headers`, and user info in the URL.
  Unsupported,
  /// The call came from a thread other than the one that made the client.
  ///
  /// Platforms: Native: never. Web: on a thread other than the one that made the client.
  WrongThread,
  /// An entry of `Options::headers` is not a header field, or is one that the handshake itself sets.
  InvalidHeader,
  /// Another option has an invalid value; `connectFault()` names it.
  InvalidOption,
  /// Native: the system provides no thread to serve clients now, or the client's loop or the program has ended. Nothing
  /// began;
  /// a later call may succeed.
  ///
  /// Platforms: Native: the system provides no thread now, or the loop or the program has ended. Web: never.
  Unavailable,
};

/// Result of `Client::send` and `Client::sendBinary`.
enum class SendResult : std::uint8_t {
  /// Accepted into the send queue. Messages leave in call order; arrival is not promised.
  Queued,
  /// The client is closing or closed; call `connect()` first.
  Closed,
  /// The payload alone exceeds `SendQueueOptions::maxBytes`.
  TooLarge,
  /// The send queue has no room now. Nothing was queued.
  QueueFull,
  /// The text is not well-formed UTF-8 (RFC 6455 section 8.1).
  InvalidUtf8,
  /// The call came from a thread other than the one that made the client.
  ///
  /// Platforms: Native: never. Web: on a thread other than the one that made the client.
  WrongThread,
  /// The client is not open, and `WhenNotOpen::Refuse` applies.
  NotOpen,
  /// Native: the system provides no random numbers to mask the message with (RFC 6455 section 10.3).
  ///
  /// Platforms: Native: the system provides no random numbers. Web: never.
  Unavailable,
};

/// Result of `Client::close` and `Session::close`.
enum class CloseResult : std::uint8_t {
  /// The client closes; `onStateChange` reports `State::Closed` when it has.
  Accepted,
  /// Nothing changed: the client was never connected, or is already closing or closed.
  AlreadyClosed,
  /// The code is neither 1000 nor from 3000 to 4999, the codes that an application may send (WHATWG WebSockets).
  InvalidCode,
  /// The reason has more than 123 bytes, or is not UTF-8 (RFC 6455 section 5.5.1).
  InvalidReason,
  /// The call came from a thread other than the one that made the client.
  ///
  /// Platforms: Native: never. Web: on a thread other than the one that made the client.
  WrongThread,
};

/// Result of `Client::heartbeat` and `Session::heartbeat`.
enum class HeartbeatResult : std::uint8_t {
  /// A heartbeat is sent, or one is already under way; its answer reaches `onHeartbeat`.
  Sent,
  /// There is no open connection.
  NotOpen,
  /// A page has no Ping frame, and `HeartbeatOptions::message` is empty. Never for a session.
  ///
  /// Platforms: Native: never. Web: if `HeartbeatOptions::message` is empty. Why: a page has no Ping frame.
  Unsupported,
  /// The call came from a thread other than the one that made the client.
  ///
  /// Platforms: Native: never. Web: on a thread other than the one that made the client.
  WrongThread,
};

/// Result of `Client::pause` and `Client::resume`.
enum class PauseResult : std::uint8_t {
  /// Takes effect with the next turn of the loop.
  Accepted,
  /// The call came from a thread other than the one that made the client.
  ///
  /// Platforms: Native: never. Web: on a thread other than the one that made the client.
  WrongThread,
};

/// Result of `waitOpen` and `waitClosed`.
enum class WaitResult : std::uint8_t {
  /// The client is in that state. With `Callbacks::Automatic` the callbacks of the change have returned.
  Reached,
  /// The timeout passed first.
  TimedOut,
  /// `waitOpen` only: the client has closed for good, or `connect()` was never called.
  Closed,
  /// Waiting would deadlock: the call came from a callback, or from the thread that turns the loop.
  WrongThread,
  /// The client's loop cannot be waited for.
  ///
  /// Platforms: Native: with `Options::loop`. Web: always. Why: a page cannot block.
  Unsupported,
};

/// Result of `Client::reconnect` and `Session::reconnect`.
enum class ReconnectResult : std::uint8_t {
  /// The current connection or retry delay ends, and an attempt begins at once.
  Started,
  /// The client was never connected, or is closing or closed; call `connect()`.
  Closed,
  /// The call came from a thread other than the one that made the client.
  ///
  /// Platforms: Native: never. Web: on a thread other than the one that made the client.
  WrongThread,
};

}  // namespace tidewire
