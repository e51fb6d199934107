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
#include "tidewire/log.hpp"

namespace tidewire {

class Loop;

/// Where the callbacks of a client or session run. The order of events is the same in each mode.
enum class Callbacks : std::uint8_t {
  /// Callbacks run by themselves, one at a time for each client.
  ///
  /// Signals sent to the process (SIGTERM, SIGCHLD, ...) are blocked on Tidewire's thread, so their handlers run on the
  /// application's threads. A program started by a callback inherits this mask unless the callback resets it
  /// (`posix_spawnattr_setsigmask`). SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS and SIGABRT stay unblocked, so
  /// crash handlers see a fault in a callback.
  ///
  /// Platforms: Native: on Tidewire's thread, or inside `Loop::turn` with `Options::loop`. Web: from the event loop.
  Automatic,
  /// Callbacks run only inside `poll`, on the thread that calls it. An event without a handler when it happens is not
  /// queued, so set handlers before `connect()`.
  ///
  /// Platforms: the same everywhere.
  Poll,
  /// Callbacks run one by one in tasks that are handed to `Options::executor`: one in each task, or up to 32 of
  /// `onMessage` in a row. An event without a handler when it happens is not queued, so set handlers before
  /// `connect()`.
  ///
  /// Platforms: Native: tasks may run on any thread. Web: tasks have to run on the thread that made the client. Why:
  /// the web has no locks.
  Executor,
};

/// What happens to an open connection after the machine slept, the page was frozen or the network changed, if no
/// heartbeat can be sent.
enum class OnWake : std::uint8_t {
  /// Keep the connection.
  Trust,
  /// Drop the connection with cause `WokeUp` and connect again.
  Reconnect,
};

/// Heartbeat: detection of a dead connection.
///
/// At most one heartbeat is pending at a time. Any byte that arrives within `timeout` proves life; only the matching
/// answer gives a round-trip time.
///
/// Sessions: the heartbeat is the session protocol's own `ping`, sent at least as often as the server requires. A
/// session takes only `interval`, `timeout` and `wakeTimeout`.
///
/// For a `Client` a WebSocket Ping is the best heartbeat: servers answer it by themselves, and it cannot be confused
/// with a message. Use a text in pages, which have no Ping, and for servers that require one. The server must know it:
/// - A server that broadcasts every message, as many chat servers do, shows the heartbeat to everybody.
/// - The text alone does not distinguish an answer from a message. While a heartbeat is pending, a message equal to the
///   answer is taken for it and not delivered; then round-trip times are too short, and the true answer is delivered as
///   a message. Use a number to avoid this; see `message`.
///
/// Platforms: see the members.
struct HeartbeatOptions {
  /// Time between two heartbeats. Zero: none is sent, except by `heartbeat()` and after a sleep or a network change.
  ///
  /// Sessions: the server may require a shorter interval, and then also with zero.
  std::chrono::milliseconds interval{25'000};
  /// Longest silence after a heartbeat; then the connection ends with cause `HeartbeatTimeout`.
  ///
  /// Platforms: Native: any byte proves life, including those of a Ping or of an incomplete message. Web: only a
  /// complete message proves life. Why: a page sees neither frames nor bytes.
  std::chrono::milliseconds timeout{10'000};
  /// Text to send as the heartbeat, such as "ping". Empty: a WebSocket Ping (RFC 6455 section 5.5.2).
  ///
  /// It may contain the placeholder "{n}" once, for a number, such as "ping {n}" or `{"op":"ping","id":{n}}`. The
  /// number is decimal, below 2^53, and one more than that of the previous heartbeat. The first is random, so that
  /// clients differ.
  ///
  /// Sessions: refused with `InvalidOption`.
  ///
  /// Requires: "{n}" once in both or in neither of `message` and `answer`; else `connect()` returns `InvalidOption`.
  ///
  /// Platforms (empty): Native: a WebSocket Ping is sent. Web: no heartbeat is sent: a dead connection stays
  /// undetected, and a proxy with an idle timeout of 60 s cuts a quiet one each minute. The log warns once for each
  /// client. Why: a page has no Ping frame.
  std::string message = {};
  /// Text that the server sends as the answer to `message`. It is not delivered as a message.
  ///
  /// With "{n}" only a text with the number of a heartbeat of this connection is an answer, each number once. All other
  /// texts are delivered. Only the number of the newest heartbeat gives a round-trip time. Without "{n}" the first
  /// equal text while a heartbeat is pending is the answer, even one that another client has caused.
  ///
  /// Sessions: refused with `InvalidOption`.
  ///
  /// Requires: "{n}" once in both or in neither of `message` and `answer`; else `connect()` returns `InvalidOption`.
  std::string answer = {};
  /// Longest silence, with or without heartbeats; then the connection ends with cause `HeartbeatTimeout`. For a server
  /// that sends often to a client that cannot send heartbeats. Zero: no limit.
  ///
  /// Sessions: refused with `InvalidOption`.
  ///
  /// Platforms: Native: no byte for so long. Web: no complete message for so long. Why: a page sees neither frames nor
  /// bytes.
  std::chrono::milliseconds silence{0};
  /// Replaces `timeout` for the heartbeat that is sent at once after the machine slept, the page was hidden or frozen,
  /// or the network changed.
  ///
  /// Platforms: Native: after a native event of docs/platforms.md, "Sleep and network events". Web: after an event of
  /// the page, if a heartbeat can be sent.
  std::chrono::milliseconds wakeTimeout{3'000};
  /// What happens after a sleep or a network change if no heartbeat can be sent.
  ///
  /// Sessions: refused with `InvalidOption`.
  ///
  /// Platforms: Native: no effect; a Ping can always be sent. Web: decides if `message` is empty, after a sleep and
  /// when the network is back.
  OnWake onWake = OnWake::Trust;
};

/// When and how fast a client reconnects.
///
/// The delay before retry n, counted from 0, is a random time between zero and min(`maxDelay`, `firstDelay` * 2^n). The
/// jitter is full and applies to the first delay too, so that a thousand clients do not return at the same moment.
///
/// Always final: HTTP status 401 and 403, close codes 1008 and 1009, `UntrustedCertificate`, `MessageTooBig`,
/// `Unavailable`, and an address that a page is forbidden to use. With `Options::endpoint`, 401, 403 and 1008 are
/// retried once, with its next answer, and a forbidden address is retried without limit.
///
/// Other handshake responses without a WebSocket are retried slowly: after a random time from half of `maxDelay` to
/// `maxDelay`, the first time too. These are status 429 without `Retry-After`, and without `Options::endpoint` also
/// 2xx, 3xx, any other 4xx except 408 and 425, and a 101 that violates RFC 6455; servers answer 404 during a
/// deployment. Without `Options::endpoint` the third such 4xx or 101 since `connect()` is final if no attempt has
/// opened, because the address is then wrong.
///
/// Sessions: `MessageTooBig` is retried; close codes 4002, 4003 and 4004 are final (docs/protocol.md, section 7). 4002
/// is retried once with `SessionOptions::token`, if the token has expired; 1009, if a call that may have been too large
/// ends with it.
///
/// Platforms: Native: as described. Web: every failed handshake is retried, without the slow delays; see
/// `CloseInfo::neverOpened`. Why: a page does not see the handshake response.
struct ReconnectOptions {
  /// Whether to reconnect at all. `reconnect()` works in any case.
  bool enabled = true;
  /// Ceiling of the first delay.
  ///
  /// Platforms: Web: same; Firefox itself delays attempts to a server that failed, up to a minute. Node: same. Why:
  /// Firefox's `network.websocket.delay-failed-reconnects`.
  std::chrono::milliseconds firstDelay{500};
  /// Largest ceiling of the delay.
  std::chrono::milliseconds maxDelay{20'000};
  /// A connection that was open this long resets the delay and the number of attempts.
  std::chrono::milliseconds resetAfter{5'000};
  /// Close codes of the peer that are final, besides 1008 and 1009.
  ///
  /// Platforms: Web: same, for the codes that the browser reports.
  std::vector<std::uint16_t> finalCodes = {};
  /// Largest number of consecutive attempts, including the first, without one that stayed open for `resetAfter`; then
  /// the client closes for good. Zero: no limit.
  std::uint64_t maxAttempts = 0;
  /// Largest delay that a server's `Retry-After` (RFC 7231 section 7.1.3) with status 429 or 503 may add.
  ///
  /// Platforms: Native: honoured. Web: no effect. Why: a page does not see the response.
  std::chrono::milliseconds maxRetryAfter{300'000};
};

/// What happens to a message that does not fit the send queue.
enum class WhenFull : std::uint8_t {
  /// It is rejected: `send` returns `QueueFull`.
  Reject,
  /// It is accepted; the messages queued longest are dropped, and reported to `onDropped` as `Displaced`.
  DropOldest,
};

/// What `send` does while the client is not open.
enum class WhenNotOpen : std::uint8_t {
  /// The message waits for the connection.
  Queue,
  /// The message is rejected: `send` returns `NotOpen`.
  Refuse,
};

/// Limits of the send queue: messages that `send` accepted and that are not yet handed to the platform.
///
/// Platforms: the same everywhere.
struct SendQueueOptions {
  /// Largest number of payload bytes. With `WhenFull::DropOldest` up to twice as many may wait between two turns of the
  /// loop.
  std::size_t maxBytes = 16 * 1024 * 1024;
  /// Largest number of messages. With `WhenFull::DropOldest` up to twice as many may wait between two turns of the
  /// loop.
  std::size_t maxMessages = 65'536;
  /// Largest age of a queued message; an older one is dropped, and reported to `onDropped` as `Expired`. Zero: no
  /// limit.
  std::chrono::milliseconds maxAge{0};
  /// What happens to a message that does not fit.
  WhenFull whenFull = WhenFull::Reject;
  /// What `send` does while the client is not open. `Refuse` is for messages that are worthless later: those that an
  /// open connection has not taken when it is lost are dropped, and reported to `onDropped` as `Stale`.
  WhenNotOpen whenNotOpen = WhenNotOpen::Queue;
  /// `onDrain` reports that `Client::bufferedAmount` has fallen from above this number of bytes to it or below.
  ///
  /// Platforms: Web: the browser's buffer is polled every 4 ms while it is not empty. Why: a page has no event for it.
  std::size_t lowWaterBytes = 0;

  /// Returns: true if all fields are equal.
  [[nodiscard]] bool operator==(const SendQueueOptions&) const = default;
};

/// Options of one call of `Client::send` or `Client::sendBinary`.
struct SendOptions {
  /// Overrides `SendQueueOptions::whenNotOpen` for this message.
  std::optional<WhenNotOpen> whenNotOpen = {};
};

/// Trusted certificates of wss: connections, in addition to the system's store (`SSL_CERT_FILE` is honoured). The
/// certificate and the host name are always verified; this cannot be turned off.
///
/// Platforms: see the members.
struct TlsOptions {
  /// Path of a file of PEM certificates. It is read at each attempt, so a replaced file is used from the next one on.
  ///
  /// Platforms: Native: added to the system's store. Web: `connect()` returns `Unsupported`. Why: a page trusts the
  /// certificates that its browser trusts, Node those of Node.
  std::string caFile = {};
  /// PEM certificates.
  ///
  /// Platforms: Native: added to the system's store. Web: `connect()` returns `Unsupported`. Why: a page trusts the
  /// certificates that its browser trusts, Node those of Node.
  std::string caPem = {};
};

/// Configuration of a `Client` or a `Session`, fixed at construction.
///
/// A duration above ten years counts as ten years; `connect()` returns `InvalidOption` for a negative one.
///
/// Sessions: `subprotocols`, `endpoint`, `sendQueue` and a part of `heartbeat` do not apply; if one of them is set,
/// `connect()` returns `InvalidOption`.
struct Options {
  /// Absolute ws: or wss: URL without a fragment (RFC 6455 section 3). Required, unless `endpoint` is set.
  ///
  /// Platforms: Native: sent as written: dot segments, capital letters in the host and a written default port stay.
  /// Web: the same URLs are accepted; then the host is lowered, dot segments are resolved, a default port is left out.
  /// Why: the WHATWG URL standard normalises.
  ///
  /// Platforms (with user info): Native: sent as `Authorization: Basic`, unless `headers` have an `Authorization`. Web:
  /// `connect()` returns `Unsupported`. Why: browsers refuse or drop it.
  ///
  /// Platforms (with `ws:`): Native: any host. Web: from an https: page only to loopback, and not in every browser;
  /// else `ConnectFailed`, final without `endpoint`. Node: any host. Why: mixed content.
  ///
  /// Platforms (with an odd port): Native: any port. Web: ports that browsers block (25, 6667 and others) are
  /// `ConnectFailed`. Node: any port. Why: the Fetch standard's list of bad ports.
  std::string url = {};
  /// Subprotocols to offer, in order of preference (RFC 6455 section 1.9). If any is offered and the server chooses
  /// none of them, the attempt fails.
  ///
  /// Sessions: refused with `InvalidOption`. A session always offers "tidewire.v1".
  ///
  /// Platforms: Native: checked here; no choice, and one that was not offered, are `HandshakeRefused`, retried slowly.
  /// Web: checked by the browser, `ConnectFailed`. Firefox and WebKit accept a server that chooses none; Firefox also
  /// one that chooses although none was offered. Node: checked by `ws`, `ConnectFailed`. Why: a page sees only
  /// connections that its browser accepts.
  std::vector<std::string> subprotocols = {};
  /// Header fields added to the handshake request, in this order.
  ///
  /// Platforms: Native: in the request, in their order. Web: `connect()` returns `Unsupported`. Why: a page cannot add
  /// header fields; those that `ws` could send are not offered.
  std::vector<Header> headers = {};
  /// Called before every attempt; supplies its URL, subprotocols and headers instead of the three options above. Use it
  /// for a fresh token or another server.
  ///
  /// Answer the `EndpointRequest` inside the call or later, within `connectTimeout`. With this option the first HTTP
  /// 401 or 403 or close code 1008 since the client was last open for `ReconnectOptions::resetAfter` is not final: the
  /// function is called once more.
  ///
  /// Sessions: refused with `InvalidOption`. Use `SessionOptions::token`, which may supply another URL.
  ///
  /// Thread: where callbacks run; see `callbacks`.
  ///
  /// Platforms: Native: called where callbacks run. Web: the same; an answer with headers or user info is
  /// `EndpointFailed`. Why: see `headers`, `url`.
  Callback<EndpointRequest> endpoint = {};
  /// Name of the client in its log. Empty: its URL without the query.
  std::string name = {};
  /// Time limit from the start of an attempt until it is open: `endpoint`, name look-up, TCP, TLS and handshake
  /// together. Then the attempt ends with cause `ConnectTimeout`.
  ///
  /// Sessions: until the server's `welcome`, including `SessionOptions::token`.
  ///
  /// Platforms: Web: same; late in a hidden page. Node: same. Why: browsers throttle timers of hidden pages.
  std::chrono::milliseconds connectTimeout{15'000};
  /// Time limit of `close()`: sending the queued messages and the closing handshake together. Then the connection is
  /// cut.
  ///
  /// Sessions: including outstanding acknowledgements.
  ///
  /// Platforms: Native: then the connection is cut. Web: afterwards the connection's events are ignored, and the
  /// browser may go on sending buffered messages. Why: a page cannot cut a connection.
  std::chrono::milliseconds closeTimeout{5'000};
  HeartbeatOptions heartbeat = {};
  ReconnectOptions reconnect = {};
  /// Sessions: refused with `InvalidOption`. Use `SessionOptions::outbox`.
  SendQueueOptions sendQueue = {};
  /// Largest message of the peer, in payload bytes. A longer one is never truncated: it ends the connection with cause
  /// `MessageTooBig`, which is final.
  ///
  /// Sessions: sent in `hello` as the limit of a WebSocket message, there at least 1024. After a larger message the
  /// session reconnects with backoff.
  ///
  /// Platforms: Native: rejected by the frame header that announces too much, with Close code 1009. Web: rejected when
  /// the whole message has arrived, with Close code 4009. Node: the same; beyond 100 MiB `ws` itself rejects it:
  /// `ConnectionLost`. Why: a page gets whole messages, and may send only 1000 and 3000 to 4999.
  std::size_t maxMessageBytes = 16 * 1024 * 1024;
  /// Where callbacks run.
  ///
  /// Platforms (= `Automatic`): Native: on Tidewire's thread, or inside `Loop::turn`. Web: from the event loop.
  Callbacks callbacks = Callbacks::Automatic;
  /// With `Callbacks::Executor`: receives tasks, and has to run each one once, later, on any thread.
  ///
  /// It gets the next task when the previous one has run, so tasks of one client never run concurrently. A task may
  /// outlive the client; then it does nothing. A call of this function that has begun may end after the client's
  /// destructor, so the object that it passes tasks to must live longer. A task that is never run stops the callbacks
  /// of its client.
  ///
  /// Requires: set if `callbacks` is `Callbacks::Executor`; else `connect()` returns `InvalidOption`.
  ///
  /// Platforms: Native: tasks may run on any thread. Web: tasks have to run on the thread that made the client. Why:
  /// the web has no locks.
  Callback<std::function<void()>> executor = {};
  /// Loop that serves the client instead of Tidewire's thread. Null: Tidewire's thread.
  ///
  /// Platforms: Native: serves the client instead of Tidewire's thread. Web: there is none: `Loop::make` returns null.
  /// Why: a page has one loop, the browser's.
  std::shared_ptr<Loop> loop = {};
  /// Limit of the delivery queue, in bytes: events that wait for `poll` or the executor.
  ///
  /// Events other than messages are never refused. Without `Callbacks::Poll` and `Callbacks::Executor` the queue is
  /// only used by `pause()` on the web.
  ///
  /// Sessions: the texts of errors count too. The limit may be exceeded by one event for each subscription of a
  /// channel. Excess data stays undecoded: the rest of one WebSocket message, and natively one read of 128 KiB, on the
  /// web up to as many bytes as this limit. Of a conflated subscription at most one event waits between two other
  /// events of it, or between two changes of the connection state.
  ///
  /// Platforms: Native: for `Poll` and `Executor`; when full, reading stops and TCP flow control pauses the peer; it
  /// may exceed the limit by one read of 128 KiB. Web: also for events held by `pause()`; when full, the connection of
  /// a `Client` ends with `SlowConsumer`. A `Session` leaves the message that fills it unread, and ends when more bytes
  /// than the limit have come behind it. Why: a page cannot pause its peer.
  std::size_t deliveryQueueBytes = 8 * 1024 * 1024;
  TlsOptions tls = {};
  LogOptions log = {};
  FlightRecorderOptions flightRecorder = {};
};

}  // namespace tidewire
