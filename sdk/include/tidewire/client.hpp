#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "tidewire/events.hpp"
#include "tidewire/message.hpp"
#include "tidewire/options.hpp"
#include "tidewire/send_buffer.hpp"
#include "tidewire/stats.hpp"

namespace tidewire {

namespace internal {
class ClientShared;
struct ClientAccess;

/// Wraps `handler` so that an exception that leaves it ends the program (`std::terminate`) inside the application's own
/// translation unit, instead of unwinding through code that was built without exceptions.
template <class Event, class Handler>
std::function<void(const Event&)> guarded(Handler handler) {
  return [handler = std::move(handler)](const Event& event) mutable noexcept { handler(event); };
}
}  // namespace internal

/// A contiguous, sized range of one-byte elements, such as `std::vector<std::uint8_t>` or `std::string`.
// clang-format off
template <class Range>
concept ByteRange = std::ranges::contiguous_range<Range> && std::ranges::sized_range<Range> &&
                    sizeof(std::ranges::range_value_t<Range>) == 1 &&
                    std::is_trivially_copyable_v<std::ranges::range_value_t<Range>>;
// clang-format on

/// Limits of one call of `poll`. Both limits apply; the default is no limit.
struct PollBudget {
  /// No further callback starts once this much time has passed. A running callback is not interrupted.
  std::chrono::microseconds time = (std::chrono::microseconds::max)();
  /// Largest number of callbacks.
  std::size_t count = (std::numeric_limits<std::size_t>::max)();
};

/// A WebSocket client (RFC 6455) that detects a dead connection and reconnects by itself.
///
/// Callbacks: no callback runs inside a call of the application other than `poll`, and callbacks of one client never
/// run concurrently. Every attempt that began ends in exactly one `onClose`, its last event. A callback may call any
/// member, and may destroy the client. An exception that leaves a callback ends the program.
///
/// Lifetime: at the end of the program (`exit`, or return from `main`) the remaining clients are closed. Later calls,
/// for example from the destructor of a static object, have no effect; `send` returns `Closed`, `connect` returns
/// `Unavailable`. A client that was moved from may only be destroyed or assigned to.
///
/// Thread: any, for every member.
///
/// Platforms: Native: any thread. Web: the thread that made the client. From another thread, members with a
/// `WrongThread` result return it, `poll` runs nothing, setting a handler has no effect, and the other members must not
/// be called. Why: a browser's socket belongs to its thread.
class Client {
 public:
  /// Makes a client in `State::Idle` with a copy of `options`.
  ///
  /// It does not connect, and does not check the options: `connect()` and `connectFault()` do.
  ///
  /// Thread: any.
  ///
  /// Platforms: Native: the first client without `Options::loop` starts Tidewire's thread. Web: there is no such
  /// thread.
  explicit Client(Options options);

  /// Ends the client at once: no closing handshake, no further callback. Unsent messages are lost.
  ///
  /// Waits for a callback of this client, or a call of its log sink, that is running on another thread; never for the
  /// network. Inside a callback of this client it returns at once, and that handler stays alive until it returns.
  ///
  /// Requires: the caller holds no lock that a callback takes.
  /// Thread: any.
  ///
  /// Platforms: Native: waits for a callback that runs on another thread. Web: never waits. Why: there is one thread.
  ~Client();

  /// Takes the connection and the handlers over. `other` may then only be destroyed or assigned to.
  Client(Client&& other) noexcept;
  /// Ends this client as its destructor does, then takes over `other`, which may then only be destroyed or assigned to.
  Client& operator=(Client&& other) noexcept;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Begins the first connection attempt and returns without waiting for it.
  ///
  /// Success is reported by `onOpen`, failure by `onClose`. In `Closed` it starts anew, with a fresh retry count. In
  /// `Closing` the attempt begins once the client has closed.
  ///
  /// Thread: any.
  /// Returns: `Started`, or why no attempt begins, which is `AlreadyStarted`, `InvalidUrl`, `InvalidSubprotocol`,
  /// `InvalidHeader` or `InvalidOption`; `connectFault()` explains. Natively also `Unavailable`. On the web also
  /// `Unsupported` and `WrongThread`.
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

  /// Queues `text` as a text message and returns without waiting for the network.
  ///
  /// Messages leave in call order. They wait while the client is not open, and survive a reconnect. Exception: messages
  /// sent inside `onOpen` leave before the earlier ones, which wait until `onOpen` has returned; they belong to that
  /// connection, and if it ends before they have left, they are dropped with `DropReason::Stale`.
  ///
  /// Arrival is not promised. Messages that were handed to the platform when a connection died are counted in
  /// `CloseInfo::unconfirmedMessages` and are not sent again. Messages that are still queued when the client closes for
  /// good are dropped and reported to `onDropped`. The payload is copied, so the caller may reuse its buffer at once.
  ///
  /// The queue is bounded by `Options::sendQueue`; `options` overrides `whenNotOpen` for this message.
  ///
  /// Thread: any.
  /// Returns: `Queued`, or why nothing was queued: `Closed`, `NotOpen`, `TooLarge`, `QueueFull`, `InvalidUtf8`,
  /// `WrongThread`, `Unavailable`.
  ///
  /// Platforms: Native: encodes the message in the calling thread. Web: copies it into JavaScript; never returns
  /// `Unavailable`.
  [[nodiscard]] SendResult send(std::string_view text, const SendOptions& options = {});

  /// Queues `payload` as a binary message and returns without waiting for the network.
  ///
  /// Order, reconnects, loss and limits are the same as for text messages, in one queue with them: messages leave in
  /// call order, those sent inside `onOpen` leave first, and arrival is not promised. The payload is copied, so the
  /// caller may reuse its buffer at once.
  ///
  /// Thread: any.
  /// Returns: `Queued`, or why nothing was queued: `Closed`, `NotOpen`, `TooLarge`, `QueueFull`, `WrongThread`,
  /// `Unavailable`.
  ///
  /// Platforms: Native: encodes the message in the calling thread. Web: copies it into JavaScript; never returns
  /// `Unavailable`.
  [[nodiscard]] SendResult sendBinary(std::span<const std::byte> payload, const SendOptions& options = {});

  /// Queues the bytes of any contiguous range of one-byte elements as a binary message.
  ///
  /// The payload is copied. Arrival is not promised.
  ///
  /// Thread: any.
  /// Returns: `Queued`, or why nothing was queued: `Closed`, `NotOpen`, `TooLarge`, `QueueFull`, `WrongThread`,
  /// `Unavailable`.
  ///
  /// Platforms: Native: encodes the message in the calling thread. Web: copies it into JavaScript; never returns
  /// `Unavailable`.
  template <ByteRange Range>
  requires(!std::convertible_to<const Range&, std::span<const std::byte>>) [[nodiscard]] SendResult
      sendBinary(const Range& payload, const SendOptions& options = {}) {
    return sendBinary(std::as_bytes(std::span(std::ranges::data(payload), std::ranges::size(payload))), options);
  }

  /// Queues the payload of `text` as a text message, without a copy where the platform can do that.
  ///
  /// Order, reconnects, loss and limits are the same as for `send` of a `std::string_view`. If the result is `Queued`,
  /// `text` is empty afterwards; else it is unchanged, and may be sent again. Arrival is not promised.
  ///
  /// Thread: any.
  /// Returns: `Queued`, or why nothing was queued: `Closed`, `NotOpen`, `TooLarge`, `QueueFull`, `InvalidUtf8`,
  /// `WrongThread`, `Unavailable`.
  ///
  /// Platforms: Native: encodes the message in the calling thread, in place; copies it if
  /// `FlightRecorderOptions::payloadBytes` is set. Web: copies it into JavaScript; never returns `Unavailable`. Why: a
  /// view of wasm memory becomes invalid when the memory grows.
  [[nodiscard]] SendResult send(SendBuffer&& text, const SendOptions& options = {});

  /// Queues the payload as a binary message, without a copy where the platform can do that.
  ///
  /// Order, reconnects, loss and limits are the same as for `sendBinary` of bytes. If the result is `Queued`, `payload`
  /// is empty afterwards; else it is unchanged, and may be sent again. Arrival is not promised.
  ///
  /// Thread: any.
  /// Returns: `Queued`, or why nothing was queued: `Closed`, `NotOpen`, `TooLarge`, `QueueFull`, `WrongThread`,
  /// `Unavailable`.
  ///
  /// Platforms: Native: encodes the message in the calling thread, in place; copies it if
  /// `FlightRecorderOptions::payloadBytes` is set. Web: copies it into JavaScript; never returns `Unavailable`. Why: a
  /// view of wasm memory becomes invalid when the memory grows.
  [[nodiscard]] SendResult sendBinary(SendBuffer&& payload, const SendOptions& options = {});

  /// Returns: payload bytes that `send` accepted and that are not yet handed to the operating system: the send queue,
  /// and the bytes that the platform buffers (WHATWG WebSockets, `bufferedAmount`).
  ///
  /// The platform's part is as of the last turn of the loop.
  ///
  /// Thread: any.
  ///
  /// Platforms: Native: a partly written block counts in full until all of it is written. Web: includes the browser's
  /// `bufferedAmount`; WebKit reports messages as sent that it still holds. Why: the system does not report payloads
  /// inside of one write.
  [[nodiscard]] std::size_t bufferedAmount() const;

  /// Closes the client for good: sends the queued messages if it is open, then a Close frame, and waits for the peer's
  /// (RFC 6455 section 7.1.2), all within `Options::closeTimeout`.
  ///
  /// Returns without waiting; `onClose` reports the end. In `Connecting` the attempt is abandoned. In `Waiting` the
  /// state becomes `Closed` without another `onClose`. `connect()` opens the client again.
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
  /// The send queue is kept. The attempt that was dropped ends with cause `ReconnectRequested`, without a closing
  /// handshake.
  ///
  /// Thread: any.
  /// Returns: `Started`; `Closed` if nothing changed. On the web also `WrongThread`.
  ///
  /// Platforms: Native: cuts the connection; the server sees its end without a Close frame. Web: the browser closes it;
  /// the server sees a Close frame without a code. Why: a page cannot cut a connection.
  ReconnectResult reconnect();

  /// Sends a heartbeat now, without waiting for `HeartbeatOptions::interval`.
  ///
  /// Its answer reaches `onHeartbeat`; a missing answer ends the connection with cause `HeartbeatTimeout`. If a
  /// heartbeat is already under way, no second one is sent.
  ///
  /// Thread: any.
  /// Returns: `Asked`; `NotOpen` if no heartbeat is sent. On the web also `Unsupported` and `WrongThread`.
  ///
  /// Platforms: Native: always possible while open. Web: `Unsupported` while `HeartbeatOptions::message` is empty. Why:
  /// a page has no Ping frame.
  HeartbeatResult heartbeat();

  /// Stops reading messages from the connection until `resume()`, also across a reconnect.
  ///
  /// Takes effect with the next turn of the loop. Messages that were already read are still delivered.
  ///
  /// Thread: any; any state.
  /// Returns: `Accepted`. On the web also `WrongThread`.
  ///
  /// Platforms: Native: reading stops, so TCP flow control pauses the peer; liveness is suspended meanwhile. Web:
  /// messages and the events behind them are held up to `Options::deliveryQueueBytes`; beyond it the connection ends
  /// with `SlowConsumer`. Liveness goes on, and a call of `Options::endpoint` overtakes held events. Why: a page cannot
  /// stop its browser from reading.
  PauseResult pause();
  /// Ends `pause()`: reading goes on with the next turn of the loop. Without a `pause()` it has no effect.
  ///
  /// Thread: any; any state.
  /// Returns: `Accepted`. On the web also `WrongThread`.
  ///
  /// Platforms: Web: first delivers the events that `pause()` held, in order.
  PauseResult resume();

  /// Blocks until the client is open, for programs without a loop of their own.
  ///
  /// Requires: not called from a callback, nor from the thread that turns the loop.
  /// Thread: any other.
  /// Returns: `Reached`; `Closed` if the client has closed for good or `connect()` was never called; `TimedOut`;
  /// `WrongThread`; `Unsupported`.
  ///
  /// Platforms: Native: `Unsupported` with `Options::loop`; `WrongThread` in a callback, and on the thread of the loop.
  /// Web: always `Unsupported`. Why: a page cannot block.
  WaitResult waitOpen(std::chrono::milliseconds timeout) const;
  /// Blocks until the client has closed for good. A client on which `connect()` was never called counts as closed.
  ///
  /// Requires: not called from a callback, nor from the thread that turns the loop.
  /// Thread: any other.
  /// Returns: `Reached`, `TimedOut`, `WrongThread`, `Unsupported`.
  ///
  /// Platforms: Native: `Unsupported` with `Options::loop`; `WrongThread` in a callback, and on the thread of the loop.
  /// Web: always `Unsupported`. Why: a page cannot block.
  WaitResult waitClosed(std::chrono::milliseconds timeout) const;

  /// Returns: counters since construction, and the current queue sizes; see `Stats` for how recent they are.
  ///
  /// Thread: any.
  ///
  /// Platforms: see the fields of `Stats`.
  [[nodiscard]] Stats stats() const;

  /// Returns: the most recent events of this client, one line each, the oldest first, for a bug report.
  ///
  /// `Options::flightRecorder` sets how many. By default there is no payload in it. URLs appear without user info and
  /// query. Line breaks and control characters are escaped (`\n`, `\x1b`). The format is not stable; do not parse it.
  ///
  /// Thread: any.
  ///
  /// Platforms: the same everywhere.
  [[nodiscard]] std::string flightRecord() const;

  /// Runs the callbacks that are due, on the calling thread; see `Callbacks::Poll`.
  ///
  /// Callbacks beyond `budget` wait for the next call. Does not wait for events.
  ///
  /// Thread: any; callbacks run one at a time.
  /// Returns: how many callbacks ran. Always 0 unless `Options::callbacks` is `Callbacks::Poll`, inside a callback of
  /// this client, and while another thread polls it.
  ///
  /// Platforms: the same everywhere.
  std::size_t poll(PollBudget budget = {});

  /// Returns: the current connection state.
  ///
  /// Thread: any.
  ///
  /// Platforms: Native: may lag behind the loop's thread. Web: exact.
  [[nodiscard]] State state() const;

  // Handlers run on the thread that `Options::callbacks` chooses.

  /// Sets the handler for an open connection; messages flow from here on.
  ///
  /// Messages that the handler sends leave before all messages that were queued earlier.
  ///
  /// Replaces the previous handler from the next event on. Events without a handler are lost.
  ///
  /// Thread: any.
  ///
  /// Platforms: Web: Firefox reports no opening when a Close frame follows the handshake response at once; then the
  /// handler runs just before `onClose`. Node: same.
  template <std::invocable<const Opened&> Handler>
  void onOpen(Handler handler) {
    setOnOpen(internal::guarded<Opened>(std::move(handler)));
  }
  /// Sets the handler for a complete message. The message and its views are valid until the handler returns.
  ///
  /// Replaces the previous handler from the next event on. Events without a handler are lost.
  ///
  /// Thread: any.
  ///
  /// Platforms: the same everywhere.
  template <std::invocable<const Message&> Handler>
  void onMessage(Handler handler) {
    setOnMessage(internal::guarded<Message>(std::move(handler)));
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
  /// Sets the handler for an answered heartbeat.
  ///
  /// Replaces the previous handler from the next event on. Events without a handler are lost.
  ///
  /// Thread: any.
  ///
  /// Platforms: Native: after a Ping or a text. Web: after a text only. Why: a page has no Ping frame.
  template <std::invocable<const HeartbeatInfo&> Handler>
  void onHeartbeat(Handler handler) {
    setOnHeartbeat(internal::guarded<HeartbeatInfo>(std::move(handler)));
  }

  /// Sets the handler for messages that `send` accepted and that will never be sent.
  ///
  /// Replaces the previous handler from the next event on. Events without a handler are lost.
  ///
  /// Thread: any.
  ///
  /// Platforms: the same everywhere.
  template <std::invocable<const Dropped&> Handler>
  void onDropped(Handler handler) {
    setOnDropped(internal::guarded<Dropped>(std::move(handler)));
  }
  /// Sets the handler for `bufferedAmount()` falling from above `SendQueueOptions::lowWaterBytes` to it or below.
  ///
  /// Replaces the previous handler from the next event on. Events without a handler are lost.
  ///
  /// Thread: any.
  ///
  /// Platforms: Web: the browser's buffer is polled every 4 ms while it is not empty. Why: a page has no event for it.
  template <std::invocable<const Drained&> Handler>
  void onDrain(Handler handler) {
    setOnDrain(internal::guarded<Drained>(std::move(handler)));
  }

  /// Removes the handler for an open connection. Thread: any.
  void onOpen(std::nullptr_t) { setOnOpen({}); }
  /// Removes the handler for messages. Thread: any.
  void onMessage(std::nullptr_t) { setOnMessage({}); }
  /// Removes the handler for the end of an attempt. Thread: any.
  void onClose(std::nullptr_t) { setOnClose({}); }
  /// Removes the handler for state changes. Thread: any.
  void onStateChange(std::nullptr_t) { setOnStateChange({}); }
  /// Removes the handler for answered heartbeats. Thread: any.
  void onHeartbeat(std::nullptr_t) { setOnHeartbeat({}); }
  /// Removes the handler for dropped messages. Thread: any.
  void onDropped(std::nullptr_t) { setOnDropped({}); }
  /// Removes the handler for a drained send queue. Thread: any.
  void onDrain(std::nullptr_t) { setOnDrain({}); }

 private:
  friend struct internal::ClientAccess;
  explicit Client(std::shared_ptr<internal::ClientShared> shared);

  void setOnOpen(std::function<void(const Opened&)> handler);
  void setOnMessage(std::function<void(const Message&)> handler);
  void setOnClose(std::function<void(const CloseInfo&)> handler);
  void setOnStateChange(std::function<void(const StateChange&)> handler);
  void setOnHeartbeat(std::function<void(const HeartbeatInfo&)> handler);
  void setOnDropped(std::function<void(const Dropped&)> handler);
  void setOnDrain(std::function<void(const Drained&)> handler);

  std::shared_ptr<internal::ClientShared> shared_;
};

}  // namespace tidewire
