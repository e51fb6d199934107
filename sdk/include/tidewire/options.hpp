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

/// Where a client's callbacks run. The order of events is the same everywhere.
enum class Callbacks : std::uint8_t {
  /// Native: on Tidewire's own thread, one callback at a time for each client. Web: from the event loop.
  ///
  /// Signals sent to the process (SIGTERM, SIGCHLD, ...) are blocked on that thread, so their handlers run on the
  /// application's threads; a program that a callback starts inherits this mask unless the callback resets it
  /// (`posix_spawnattr_setsigmask`). Open stay SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS and SIGABRT, so crash
  /// handlers see a fault in a callback.
  Automatic,
  /// Only inside `Client::poll`, on the thread that calls it. An event that has no handler when it happens is not
  /// queued, so set handlers before `connect()`.
  Poll,
  /// Handed one by one to `Options::executor`. Set handlers before `connect()`, as for `Poll`.
  Executor,
};

/// What to do with an open connection after the machine slept, the page was frozen or the network changed, where the
/// peer cannot be asked for a sign of life.
enum class OnThaw : std::uint8_t {
  Trust,      ///< Go on as if nothing had happened.
  Reconnect,  ///< Drop it and connect again.
};

/// How a dead connection is noticed.
///
/// One question is judged at a time. Any byte that arrives within `timeout` proves life; only the matching answer gives
/// a round-trip time.
///
/// A `Session` asks by the protocol's own `ping`, natively and in a page alike, and at least as often as its server
/// wants. It takes `interval`, `timeout` and `thawTimeout`.
///
/// For a `Client` a WebSocket Ping is the best question: servers answer it by themselves, and it cannot be taken for a
/// message. A text is for pages, which have no Ping, and for servers that want one. It needs a server that knows it:
/// - One that passes on whatever comes, as many chat servers do, shows the question to everybody.
/// - Text alone does not tell an answer from a message. While a question is out, a message that reads like the answer
/// is
///   taken for it and not delivered; round trips are then too small, and the true answer is delivered as a message. A
///   number, see `message`, avoids that.
struct HeartbeatOptions {
  /// Time between two questions. Zero: none is asked.
  std::chrono::milliseconds interval{25'000};
  /// How long nothing may arrive after a question before the connection counts as dead.
  /// Platforms: Native: any byte proves life, also of a Ping or of a message that is still arriving. Web: only a whole
  /// message proves life. Why: a page sees neither frames nor bytes.
  std::chrono::milliseconds timeout{10'000};
  /// A text to ask with, such as "ping". Empty: a WebSocket Ping (RFC 6455 section 5.5.2).
  ///
  /// It may hold "{n}" once, in whose place each question has a number, such as "ping {n}" or `{"op":"ping","id":{n}}`:
  /// decimal, below 2^53, one more than that of the question before. The first is random, so that clients differ.
  ///
  /// Sessions: refused with `InvalidOption`.
  /// Requires: "{n}" in both or in neither of `message` and `answer`, once; else `connect()` answers `InvalidOption`.
  /// Platforms (empty): Native: a WebSocket Ping asks. Web: nothing is asked: a dead connection stays unnoticed, and a
  /// proxy with a limit of 60 s cuts a quiet one each minute. The log warns once. Why: a page has no Ping frame.
  std::string message = {};
  /// The text that answers `message`, for a server that sends it back.
  ///
  /// Sessions: refused with `InvalidOption`.
  ///
  /// With "{n}" only a text with the number of a question of this connection is an answer, each number once; it is not
  /// delivered. Every other text is. Only the number of the newest question gives a round trip.
  /// Without it the first exact match while a question is out is the answer, whoever sent it, and is not delivered.
  std::string answer = {};
  /// No byte for this long means that the connection is dead, whether anything was asked or not: for a server that
  /// sends often, where nothing can be asked. Zero: silence is borne.
  /// Sessions: refused with `InvalidOption`.
  /// Platforms: Native: no byte for so long. Web: no whole message for so long. Why: see `.timeout`.
  std::chrono::milliseconds silence{0};
  /// The deadline instead of `timeout` for the question that is asked at once after the machine slept, the page was
  /// hidden or frozen, or the network changed.
  /// Platforms: Native: after what is noticed natively. Web: after what is noticed there, if there is a `message`.
  std::chrono::milliseconds thawTimeout{3'000};
  /// What to do then where there is nothing to ask with: on the web without `message`.
  /// Sessions: refused with `InvalidOption`.
  /// Platforms: Native: has no effect: a Ping can always be asked. Web: decides where `message` is empty, after a thaw
  /// and when the network is back.
  OnThaw onThaw = OnThaw::Trust;
};

/// When and how fast a lost connection is tried again.
///
/// The wait before retry n is a random time between zero and min(`maxDelay`, `firstDelay` * 2^n), the first one
/// included: full jitter, so that a thousand clients do not come back at the same moment.
///
/// What is final whatever stands here: HTTP status 401 and 403, close codes 1008 and 1009, `UntrustedCertificate`,
/// `MessageTooBig`, `Unavailable`, and an address that a page is forbidden. With `Options::endpoint`, 401, 403 and 1008
/// are tried once more, with what it answers next, and a forbidden address as often as any other.
///
/// Another answer that is no WebSocket is retried slowly: after a random time from half of `maxDelay` to `maxDelay`,
/// the first time too. That is status 429 without `Retry-After`, and without `Options::endpoint` also 2xx, 3xx, any
/// other 4xx but 408 and 425, and a 101 that breaks RFC 6455. Servers answer 404 during a deployment. Without
/// `Options::endpoint` the third such 4xx or 101 since `connect()` is final if no attempt has opened: then the address
/// is wrong.
///
/// Platforms: a page is not told the answer. It tries again after any, without the slow waits; see
/// `CloseInfo::neverOpened`.
struct ReconnectOptions {
  bool enabled = true;
  /// Platforms: Web: same; Firefox puts off attempts to a server that failed by itself, up to a minute. Node: same.
  /// Why: Firefox's `network.websocket.delay-failed-reconnects`.
  std::chrono::milliseconds firstDelay{500};
  std::chrono::milliseconds maxDelay{20'000};
  /// A connection that was open this long starts the count of retries afresh.
  std::chrono::milliseconds resetAfter{5'000};
  /// Close codes of the peer after which nothing is tried again, besides 1008 and 1009.
  /// Platforms: Web: same, for the codes that a browser passes on.
  std::vector<std::uint16_t> finalCodes = {};
  /// How many attempts may follow each other, without one that stayed open for `resetAfter`, before the client closes
  /// for good. The first one counts. Zero: as many as it takes.
  std::uint64_t maxAttempts = 0;
  /// The most that a server's `Retry-After` (RFC 7231 section 7.1.3) with status 429 or 503 adds to the wait.
  /// Platforms: Native: obeyed. Web: has nothing to bound. Why: a page does not see the answer.
  std::chrono::milliseconds maxRetryAfter{300'000};
};

/// What happens to a message that does not fit the send queue.
enum class WhenFull : std::uint8_t {
  Reject,      ///< `send` answers `QueueFull`.
  DropOldest,  ///< The messages that have waited longest are dropped in its favour, and reported to `onDropped`.
};

/// What `send` does while the client is not open.
enum class WhenNotOpen : std::uint8_t {
  Queue,   ///< The message waits for the connection.
  Refuse,  ///< `send` answers `NotOpen`.
};

/// Bounds of what waits to be sent.
struct SendQueueOptions {
  /// With `WhenFull::DropOldest` it may be up to twice as much between two turns of the loop.
  std::size_t maxBytes = 16 * 1024 * 1024;
  std::size_t maxMessages = 65'536;
  /// A message that has waited longer is dropped, and reported to `onDropped`. Zero: no limit.
  std::chrono::milliseconds maxAge{0};
  WhenFull whenFull = WhenFull::Reject;
  WhenNotOpen whenNotOpen = WhenNotOpen::Queue;
  /// `onDrain` reports that `Client::bufferedAmount` has fallen to this or below.
  /// Platforms: Web: looked at every 4 ms while the browser holds something. Why: a page has no event for it.
  std::size_t lowWaterBytes = 0;

  [[nodiscard]] bool operator==(const SendQueueOptions&) const = default;
};

/// What holds for one message.
struct SendOptions {
  /// Instead of `SendQueueOptions::whenNotOpen`.
  std::optional<WhenNotOpen> whenNotOpen = {};
};

/// Whom to trust on wss: connections, besides the system's store (`SSL_CERT_FILE` is honoured). The certificate and the
/// host name are always verified.
/// Platforms: native. A page trusts what its browser trusts; a client with either set answers `Unsupported` there.
struct TlsOptions {
  /// A file of PEM certificates. Read at each attempt, so that a file that was replaced counts from the next one on.
  /// Platforms: Native: added to the system's store. Web: `connect()` answers `Unsupported`. Why: a page trusts what
  /// its browser trusts, Node what Node does.
  std::string caFile = {};
  /// PEM certificates.
  /// Platforms: Native: added to the system's store. Web: `connect()` answers `Unsupported`. Why: a page trusts what
  /// its browser trusts, Node what Node does.
  std::string caPem = {};
};

/// Configuration of a `Client` or a `Session`, fixed at construction.
///
/// A session has no use for `subprotocols`, `endpoint`, `sendQueue` and a part of `heartbeat`: with one of them set,
/// `connect()` returns `InvalidOption`.
struct Options {
  /// An absolute ws: or wss: URL without a fragment (RFC 6455 section 3). Required, unless `endpoint` is given.
  /// Platforms: Native: sent as written: dot segments, capital letters in the host and a written default port stay.
  /// Web: the same URLs are accepted; then the host is lowered, dot segments are resolved, a default port is left out.
  /// Why: the WHATWG URL standard normalises.
  /// Platforms (with user info): Native: sent as `Authorization: Basic`, unless `headers` have an `Authorization`. Web:
  /// `connect()` answers `Unsupported`. Why: browsers refuse or drop it.
  /// Platforms (with `ws:`): Native: any host. Web: from an https: page only to loopback, and not in every browser;
  /// else `ConnectFailed`, final without `endpoint`. Node: any host. Why: mixed content.
  /// Platforms (with an odd port): Native: any port. Web: ports that browsers block (25, 6667 and others) are
  /// `ConnectFailed`. Node: any port. Why: the Fetch standard's list of bad ports.
  std::string url = {};
  /// Offered in this order (RFC 6455 section 1.9). If any is offered and none is chosen, the connection fails.
  /// Sessions: refused with `InvalidOption`. A session always offers "tidewire.v1".
  /// Platforms: Native: checked by us; no choice, and one that was not offered, are `HandshakeRefused`, retried slowly.
  /// Web: checked by the browser, `ConnectFailed`. Firefox and WebKit accept a server that chooses none; Firefox also
  /// one that chooses where nothing was offered. Node: checked by `ws`, `ConnectFailed`. Why: a page sees only what its
  /// browser lets pass.
  std::vector<std::string> subprotocols = {};
  /// Added to the request of the handshake, in this order.
  /// Platforms: Native: in the request, in their order. Web: `connect()` answers `Unsupported`. Why: a page sends no
  /// header of its own; what `ws` could send is not offered.
  std::vector<Header> headers = {};
  /// Asked before every attempt for the URL, the subprotocols and the headers, instead of the three above: a fresh
  /// token, another server. Runs where callbacks run. With it, the first HTTP 401 or 403 or close code 1008 since the
  /// client was last open for a while is not final: it is asked once more.
  /// Sessions: refused with `InvalidOption`. Use `SessionOptions::token`, which may name another URL.
  /// Platforms: Native: asked where callbacks run. Web: the same; an answer with headers or user info is
  /// `EndpointFailed`. Why: see `headers`, `url`.
  Callback<EndpointRequest> endpoint = {};
  /// What the log calls this client. Empty: its URL without the query.
  std::string name = {};
  /// From the start of an attempt until open: `endpoint`, name look-up, TCP, TLS and handshake together.
  /// Sessions: from the start of an attempt until the server's `welcome`, `SessionOptions::token` included.
  /// Platforms: Web: same; in a hidden page late. Node: same.
  std::chrono::milliseconds connectTimeout{15'000};
  /// For `close()`: sending what was queued and the closing handshake together. Then the connection is cut.
  /// Sessions: the acknowledgements that are still due too.
  /// Platforms: Native: the connection is then cut. Web: nobody listens from then on; the browser may go on sending
  /// what it had. Why: a page cannot cut a connection.
  std::chrono::milliseconds closeTimeout{5'000};
  HeartbeatOptions heartbeat = {};
  ReconnectOptions reconnect = {};
  /// Sessions: refused with `InvalidOption`. Use `SessionOptions::outbox`.
  SendQueueOptions sendQueue = {};
  /// A longer message from the peer ends the connection with `MessageTooBig`; it is never truncated.
  ///
  /// Sessions: the session's `hello` states it, there at least 1024. After a message that is larger all the same the
  /// session tries again, with the usual backoff.
  /// Platforms: Native: refused by the frame header that announces too much, with Close code 1009. Web: refused when
  /// the whole message is there, with Close code 4009. Node: the same; beyond 100 MiB `ws` itself refuses:
  /// `ConnectionLost`. Why: a page gets whole messages, and may send only 1000 and 3000 to 4999.
  std::size_t maxMessageBytes = 16 * 1024 * 1024;
  /// Platforms (= `Automatic`): Native: on Tidewire's thread, or inside `Loop::turn`. Web: from the event loop.
  Callbacks callbacks = Callbacks::Automatic;
  /// With `Callbacks::Executor`: takes a task and has it run once, later, on whichever thread. The next one is handed
  /// over when it has run, so they never run at the same time. A task may outlive the client; then it does nothing.
  /// A call of the executor itself that has begun may end after the client's destructor, so let what it hands tasks to
  /// live longer.
  /// Platforms: Native: its tasks may run on any thread. Web: its tasks have to run on the thread that made the client.
  /// Why: nothing is locked there.
  Callback<std::function<void()>> executor = {};
  /// Serves the client instead of Tidewire's own thread.
  /// Platforms: Native: serves the client instead of Tidewire's thread. Web: there is none: `Loop::make` gives null.
  /// Why: a page has one loop, the browser's.
  std::shared_ptr<Loop> loop = {};
  /// With `Callbacks::Poll` and `Callbacks::Executor`: how much may wait to be delivered. When full, native stops
  /// reading, so that TCP makes the peer wait; it may go over by what one read of 128 KiB held. The web ends the
  /// connection with `SlowConsumer`.
  ///
  /// Sessions: the texts of errors count too. It may go over by one event for each of a channel's subscriptions;
  /// openings and endings are never refused. What does not fit stays undecoded: natively the rest of one WebSocket
  /// message and what one read of 128 KiB held, since reading stops. In a page that is the rest of one message, and up
  /// to as much as this behind it; beyond that the connection ends with `SlowConsumer`, behind all that came. Of a
  /// conflated subscription at most one event waits between two other news of it, or between two changes of the
  /// connection's state.
  /// Platforms: Native: for `Poll` and `Executor`; when full, reading stops and TCP makes the peer wait; it may go over
  /// by one read of 128 KiB. Web: also for what `pause()` holds; when full, the connection of a `Client` ends with
  /// `SlowConsumer`. A `Session` leaves the message that fills it unread, and ends when more than the bound has come
  /// behind that. Why: a page cannot pause its peer.
  std::size_t deliveryQueueBytes = 8 * 1024 * 1024;
  TlsOptions tls = {};
  LogOptions log = {};
  FlightRecorderOptions flightRecorder = {};
};

}  // namespace tidewire
