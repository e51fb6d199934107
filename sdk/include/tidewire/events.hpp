#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidewire {

/// Where a client stands. `docs/design.md` draws every transition.
enum class State : std::uint8_t {
  Idle,        ///< Never connected.
  Connecting,  ///< Name look-up, TCP, TLS and the opening handshake (RFC 6455 section 4).
  Open,        ///< Messages flow.
  Closing,     ///< The user's `close()` is being carried out: queued messages, then the closing handshake.
  Waiting,     ///< The last attempt ended; the next one begins when the delay is over.
  Closed,      ///< Over, until `connect()` is called again.
};

/// The state's name as in the enumeration, for logs and user interfaces.
[[nodiscard]] std::string_view nameOf(State state) noexcept;

/// Why an attempt ended.
enum class CloseCause : std::uint8_t {
  ClosedByUser,    ///< `close()`.
  ReconnectAsked,  ///< `reconnect()`, or a server's `goaway`, dropped this connection in favour of a new one.
  ClosedByPeer,    ///< The peer sent a Close frame; `code` and `reason` are the peer's.
  /// The open connection ended without a Close frame (code 1006).
  /// Platforms: Native: the end without a Close frame. Web: also violations of RFC 6455.
  ConnectionLost,
  /// No connection: name not found, refused, unreachable. A page cannot tell these from the next two. What the page
  /// itself is forbidden (its Content-Security-Policy, mixed content) is final without `Options::endpoint`.
  /// Platforms: Native: no address, refused, unreachable, no randomness for the handshake's key, or a peer that does
  /// not speak HTTP or TLS; `detail` quotes what it sent. Web: every failure before the connection is open, and what
  /// the browser forbids; the latter is final without an `endpoint` function.
  ConnectFailed,
  /// The server answered the handshake with something other than a valid 101; see `httpStatus`.
  /// Platforms: Native: 401 and 403 are final, once more with an `endpoint` function; 404 and the like are retried
  /// slowly, and final the third time if nothing has ever opened. Web: never: `ConnectFailed`, retried as usual.
  HandshakeRefused,
  /// The server's certificate is not trusted, or is for another name.
  /// Platforms: Native: final. Web: never: `ConnectFailed`, retried.
  UntrustedCertificate,
  ConnectTimeout,    ///< Not open within `Options::connectTimeout`.
  HeartbeatTimeout,  ///< A heartbeat was not answered, and nothing else arrived, within `HeartbeatOptions::timeout`.
  /// The peer broke RFC 6455; `code` is what we told it: 1002 or 1007.
  /// Platforms: Native: retried. Web: of a session as natively, with code 4000; else never: `ConnectionLost`, retried.
  ProtocolError,
  /// A message exceeded `Options::maxMessageBytes`.
  /// Platforms: Native: final. Web: final.
  MessageTooBig,
  /// The delivery queue was full and a page cannot ask its peer to wait.
  /// Platforms: Native: never. Web: retried.
  SlowConsumer,
  /// This machine lacks something that the transport needs, such as a WebSocket; see `detail`.
  /// Platforms: Native: libwebsockets lacks its libev plugin, a certificate file cannot be read. Web: there is no
  /// WebSocket: in Node before version 22 without `ws` as the global one, or where a page has taken it away.
  Unavailable,
  EndpointFailed,  ///< `Options::endpoint` failed, or what it answered cannot be used; `detail` says why.
  /// The machine slept, or the page was frozen, and `HeartbeatOptions::onThaw` says `Reconnect`.
  /// Platforms: Native: never: a Ping can be asked. Web: where `onThaw` is `Reconnect` and there is nothing to ask
  /// with.
  Thawed,
};

/// How many causes there are.
inline constexpr std::size_t kCloseCauseCount = 15;

/// The cause's name as in the enumeration.
[[nodiscard]] std::string_view nameOf(CloseCause cause) noexcept;

/// What `onStateChange` reports.
struct StateChange {
  State from = State::Idle;
  State to = State::Idle;
};

/// How long each step of an attempt took, as far as the platform can tell.
/// Platforms: a page knows only how long its endpoint function took.
struct HandshakeTimes {
  std::optional<std::chrono::microseconds> endpoint = {};  ///< `Options::endpoint`, if there is one.
  /// The host's name; nothing for a literal and localhost.
  /// Platforms: Native: as far as the attempt had the step. Web: never. Why: a page is not told.
  std::optional<std::chrono::microseconds> lookUp = {};
  /// TCP, from the first address tried.
  /// Platforms: Native: as far as the attempt had the step. Web: never. Why: a page is not told.
  std::optional<std::chrono::microseconds> connect = {};
  /// Nothing for ws: URLs.
  /// Platforms: Native: as far as the attempt had the step. Web: never. Why: a page is not told.
  std::optional<std::chrono::microseconds> tls = {};
  /// From the request to its answer.
  /// Platforms: Native: as far as the attempt had the step. Web: never. Why: a page is not told.
  std::optional<std::chrono::microseconds> upgrade = {};
};

/// What `onOpen` reports.
struct Opened {
  /// The one the server chose; empty if none was offered.
  /// Platforms: Web: same, but empty where Firefox leaves out its own event; see `onOpen`. Node: same.
  std::string subprotocol = {};
  std::uint64_t attempt = 1;     ///< Counts the attempts of this client, from 1.
  std::uint64_t reconnects = 0;  ///< How many connections were open before this one.
  /// From the start of the attempt until open.
  /// Platforms: Native: microseconds. Web: as exact as the browser's clock.
  std::chrono::microseconds handshakeTime{0};
  HandshakeTimes times = {};  ///< Where that time went.
  bool resumed = false;       ///< `Session`: the server still knows what was published before.
};

/// What `onClose` reports: the last event of its attempt, and exactly one for each attempt that began, opened or not.
struct CloseInfo {
  CloseCause cause = CloseCause::ConnectionLost;
  /// RFC 6455 section 7.4; 1005: the peer gave none, 1006: no Close frame.
  /// Platforms (after a closing handshake): Native: the peer's. Web: the peer's, as far as the browser passes it on.
  /// Platforms (after a protocol violation): Native: what we told the peer: 1002, or 1007 for bad UTF-8. Web: 1006.
  /// Why: a page is not told.
  /// Platforms (with `MessageTooBig`): Native: 1009, as we told the peer. Web: 4009. Why: see `maxMessageBytes`.
  std::uint16_t code = 1006;
  /// The peer's reason, or ours; UTF-8.
  /// Platforms (after a protocol violation): Native: what we told the peer: the rule. Web: none. Why: a page is not
  /// told.
  /// Platforms (with `MessageTooBig`): Native: the rule, as we told the peer. Web: "message too big". Why: see
  /// `maxMessageBytes`.
  std::string reason = {};
  /// What happened, for people, on one line of at most 1,000 bytes. It may quote the server. Not stable, do not parse
  /// it.
  /// Platforms: Native: also names each address, the TLS alert or certificate error, the HTTP answer with the server's
  /// words, the rule broken. Web: the close code and reason, the limit that was met, and little more than the cause of
  /// a failed attempt. Why: browsers hide it.
  std::string detail = {};
  /// The handshake's HTTP status if one came, else 0.
  /// Platforms: Native: the handshake's status. Web: always 0. Why: browsers hide it.
  int httpStatus = 0;
  bool wasOpen = false;    ///< Whether this attempt had reached `Open`.
  bool willRetry = false;  ///< Whether another attempt follows without the application's doing.
  /// The wait before that attempt.
  /// Platforms: Native: `Retry-After` is in it. Web: no `Retry-After`. Why: see `maxRetryAfter`.
  std::chrono::milliseconds retryIn{0};
  std::uint64_t attempt = 0;        ///< As in `Opened`.
  std::size_t droppedMessages = 0;  ///< Queued messages that will now never be sent. 0 while a retry follows.
  /// Messages that were handed to the platform and whose fate is unknown: no answer to a later question or Close frame
  /// of ours has proved their arrival. They are never sent again.
  /// Platforms: Native: an answered Ping or text, or an answered Close frame, confirms. Web: an answered text, or an
  /// answered Close frame, confirms. Why: no Ping frame.
  std::uint64_t unconfirmedMessages = 0;
  /// At least three attempts have failed since `connect()`, and none has ever opened: most likely the address, the
  /// network or a permission is wrong. A page is not told which.
  bool neverOpened = false;
};

/// Why messages were dropped.
enum class DropReason : std::uint8_t {
  Closed,     ///< The client closed for good while they waited.
  Expired,    ///< They waited longer than `SendQueueOptions::maxAge`.
  Displaced,  ///< Newer ones needed their place: `WhenFull::DropOldest`.
  /// They were sent inside `onOpen` of a connection that ended before they had left.
  /// Platforms: Web: also where `onOpen` runs late after `pause()`.
  Stale,
};

/// The reason's name as in the enumeration.
[[nodiscard]] std::string_view nameOf(DropReason reason) noexcept;

/// What `onDropped` reports: messages that `send` accepted and that will never be sent, in one go. Those that an ending
/// attempt drops are reported before its `onClose`.
struct Dropped {
  DropReason reason = DropReason::Closed;
  std::size_t messages = 0;
  std::size_t bytes = 0;  ///< Of their payloads.
};

/// What `onDrain` reports.
struct Drained {
  std::size_t bufferedAmount = 0;  ///< What is left; see `Client::bufferedAmount`.
};

/// How long the peer takes to answer, over one connection.
struct RoundTrips {
  /// Platforms: Native: microseconds. Web: as exact as the browser's clock; may be 0.
  std::chrono::microseconds last{0};
  std::chrono::microseconds smoothed{0};  ///< A moving average, the newest weighing one eighth (RFC 6298 section 2).
  std::chrono::microseconds min{0};
};

/// What `onHeartbeat` reports: an answer to a question of ours.
struct HeartbeatInfo {
  /// Platforms: Native: microseconds. Web: as exact as the browser's clock; may be 0.
  std::chrono::microseconds roundTrip{0};
  RoundTrips roundTrips = {};  ///< This one included.
};

/// What `Client::connect` answers.
enum class ConnectResult : std::uint8_t {
  Started,             ///< An attempt begins; exactly one `onClose` will end it.
  AlreadyStarted,      ///< Connecting, open, or waiting to retry already: nothing changed.
  InvalidUrl,          ///< `Options::url` is not an absolute ws: or wss: URL that RFC 3986 and RFC 6455 allow.
  InvalidSubprotocol,  ///< An entry of `Options::subprotocols` is not an RFC 7230 token, or stands there twice.
  Unsupported,         ///< An option that this platform does not have is set; `docs/platforms.md` lists them.
  WrongThread,         ///< Web: called on a thread other than the one that made the client.
  InvalidHeader,       ///< An entry of `Options::headers` is not a header field, or one that is ours to set.
  InvalidOption,       ///< Another option has a value that makes no sense; `connectFault()` names it.
  Unavailable,         ///< Native: the system gives no thread to serve clients now, or the client's loop or the program
                       ///< has ended. Nothing began; a later call may succeed.
};

/// What `Client::send` and `Client::sendBinary` answer.
enum class SendResult : std::uint8_t {
  Queued,       ///< Accepted. Messages leave in call order.
  Closed,       ///< The client is closing or closed; call `connect()` first.
  TooLarge,     ///< Larger alone than the whole send queue may be.
  QueueFull,    ///< No room now; nothing was queued.
  InvalidUtf8,  ///< The text is not well-formed UTF-8 (RFC 6455 section 8.1).
  WrongThread,  ///< Web: called on a thread other than the one that made the client.
  NotOpen,      ///< The client is not open, and the message was not to wait: `WhenNotOpen::Refuse`.
  Unavailable,  ///< Native: the system gives no random numbers to mask it with (RFC 6455 section 10.3).
};

/// What `Client::close` answers.
enum class CloseResult : std::uint8_t {
  Accepted,       ///< The client closes; `onStateChange` tells when it has.
  AlreadyClosed,  ///< Never connected, or already closing or closed: nothing changed.
  InvalidCode,    ///< Neither 1000 nor within 3000 to 4999, all that an application may send (WHATWG WebSockets).
  InvalidReason,  ///< More than 123 bytes, or not UTF-8 (RFC 6455 section 5.5.1).
  WrongThread,    ///< Web: called on a thread other than the one that made the client.
};

/// What `Client::heartbeat` answers.
enum class HeartbeatResult : std::uint8_t {
  Asked,        ///< A question goes out, or one is already on its way; the answer reaches `onHeartbeat`.
  NotOpen,      ///< There is no open connection to ask on.
  Unsupported,  ///< A page has no Ping frame, and `HeartbeatOptions::message` is empty.
  WrongThread,  ///< Web: called on a thread other than the one that made the client.
};

/// What `Client::pause` and `Client::resume` answer.
enum class PauseResult : std::uint8_t {
  Accepted,     ///< From the next turn of the loop on.
  WrongThread,  ///< Web: called on a thread other than the one that made the client.
};

/// What `Client::waitOpen` and `Client::waitClosed` answer.
enum class WaitResult : std::uint8_t {
  Reached,      ///< The client is in that state, and the callbacks that belong to it have run (with `Automatic`).
  TimedOut,     ///< It is not yet.
  Closed,       ///< `waitOpen`: the client has closed for good, or was never told to connect.
  WrongThread,  ///< Waiting here would wait for itself: inside a callback, or on the thread that turns the loop.
  Unsupported,  ///< Web: a page cannot block. Also with a `Loop` of the application's own.
};

/// What `Client::reconnect` answers.
enum class ReconnectResult : std::uint8_t {
  Started,      ///< The present connection or wait ends, and an attempt begins at once.
  Closed,       ///< The client is closing or closed, or never connected: use `connect()`.
  WrongThread,  ///< Web: called on a thread other than the one that made the client.
};

}  // namespace tidewire
