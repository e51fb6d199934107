#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tidewire {

/// Where a client's callbacks run. The order of events is the same everywhere.
enum class Callbacks : std::uint8_t {
  /// Native: on Tidewire's own thread, one callback at a time for each client. Web: from the event loop.
  Automatic,
  /// Only inside `Client::poll`, on the thread that calls it.
  Poll,
};

/// How a dead connection is noticed.
///
/// Exactly one question is on its way at a time. Any byte that arrives within `timeout` proves life; only the matching
/// answer gives a round-trip time.
struct HeartbeatOptions {
  /// Time between two questions. Zero: none is asked.
  std::chrono::milliseconds interval{25'000};
  /// How long nothing may arrive after a question before the connection counts as dead.
  std::chrono::milliseconds timeout{10'000};
  /// A text to ask with, such as "ping". Empty: a WebSocket Ping (RFC 6455 section 5.5.2).
  /// Platforms: a page has no Ping, so on the web nothing is asked while this is empty.
  std::string message = {};
  /// The text that answers `message`. The first exact match while a question is out is the answer, and is not
  /// delivered.
  std::string answer = {};
};

/// When and how fast a lost connection is tried again.
///
/// The wait before retry n is a random time between zero and min(`maxDelay`, `firstDelay` * 2^n), the first one
/// included: full jitter, so that a thousand clients do not come back at the same moment.
struct ReconnectOptions {
  bool enabled = true;
  std::chrono::milliseconds firstDelay{500};
  std::chrono::milliseconds maxDelay{20'000};
  /// A connection that was open this long starts the count of retries afresh.
  std::chrono::milliseconds resetAfter{5'000};
  /// Close codes of the peer after which nothing is tried again, besides 1008 and 1009.
  std::vector<std::uint16_t> finalCodes = {};
};

/// Bounds of what waits to be sent. What exceeds them is refused with `QueueFull`.
struct SendQueueOptions {
  std::size_t maxBytes = 16 * 1024 * 1024;
  std::size_t maxMessages = 65'536;
};

/// Whom to trust on wss: connections, besides the system's store (`SSL_CERT_FILE` is honoured). The certificate and the
/// host name are always verified.
/// Platforms: native. A page trusts what its browser trusts; a client with either set answers `Unsupported` there.
struct TlsOptions {
  /// A file of PEM certificates.
  std::string caFile = {};
  /// PEM certificates.
  std::string caPem = {};
};

/// Everything a client is told, once, at its making.
struct Options {
  /// An absolute ws: or wss: URL without a fragment (RFC 6455 section 3). Required.
  std::string url = {};
  /// Offered in this order (RFC 6455 section 1.9). If any is offered and none is chosen, the connection fails.
  std::vector<std::string> subprotocols = {};
  /// From the start of an attempt until open: name look-up, TCP, TLS and handshake together.
  std::chrono::milliseconds connectTimeout{15'000};
  /// For `close()`: sending what was queued and the closing handshake together. Then the connection is cut.
  std::chrono::milliseconds closeTimeout{5'000};
  HeartbeatOptions heartbeat = {};
  ReconnectOptions reconnect = {};
  SendQueueOptions sendQueue = {};
  /// A longer message from the peer ends the connection with `MessageTooBig`; it is never truncated.
  std::size_t maxMessageBytes = 16 * 1024 * 1024;
  Callbacks callbacks = Callbacks::Automatic;
  /// With `Callbacks::Poll`: how much may wait for `poll`. When full, native stops reading, so that TCP makes the peer
  /// wait; it may go over by what one read of 128 KiB held. The web ends the connection with `SlowConsumer`.
  std::size_t deliveryQueueBytes = 8 * 1024 * 1024;
  TlsOptions tls = {};
};

}  // namespace tidewire
