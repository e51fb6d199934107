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
#include "tidewire/stats.hpp"

namespace tidewire {

namespace internal {
class ClientShared;
struct ClientAccess;

/// Wraps a handler so that an exception which leaves it ends the program here, in the application's own translation
/// unit, instead of crossing code that was built without exceptions.
template <class Event, class Handler>
std::function<void(const Event&)> guarded(Handler handler) {
  return [handler = std::move(handler)](const Event& event) mutable noexcept { handler(event); };
}
}  // namespace internal

/// One-byte elements in one piece of memory, such as `std::vector<std::uint8_t>` or `std::string`.
// clang-format off
template <class Range>
concept ByteRange = std::ranges::contiguous_range<Range> && std::ranges::sized_range<Range> &&
                    sizeof(std::ranges::range_value_t<Range>) == 1 &&
                    std::is_trivially_copyable_v<std::ranges::range_value_t<Range>>;
// clang-format on

/// How much `Client::poll` may do at most.
struct PollBudget {
  /// No further callback starts once this much time has passed.
  std::chrono::microseconds time = (std::chrono::microseconds::max)();
  /// Callbacks, at most.
  std::size_t count = (std::numeric_limits<std::size_t>::max)();
};

/// A WebSocket client (RFC 6455) that stays connected: it notices a dead connection and makes a new one.
///
/// No callback ever runs inside a call of the application's own other than `poll`. Callbacks of one client never run at
/// the same time. Every attempt that began ends in exactly one `onClose`, its last event. A callback may call anything
/// here, and may destroy the client. One that throws ends the program.
///
/// When the program ends, clients that are left are closed: calls after `main`, as by a static object, answer and do
/// nothing else.
///
/// Thread: any, for every member. Web: the thread that made the client. From another one, what answers with a result
/// answers `WrongThread`, and the rest is not to be called.
class Client {
 public:
  /// Makes a client in `State::Idle`. Nothing happens before `connect()`.
  explicit Client(Options options);

  /// Ends the client without a closing handshake and without further callbacks; messages that still wait are dropped.
  ///
  /// Waits for a callback of this client that is running on another thread, never for the network: hold no lock here
  /// that a callback takes. Inside a callback of this client it returns at once, and the handler that runs lives on
  /// until it returns.
  ~Client();

  Client(Client&& other) noexcept;
  Client& operator=(Client&& other) noexcept;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Starts connecting; what comes of it reaches `onOpen` or `onClose`. In `Closed`, starts afresh. In `Closing`, the
  /// attempt begins when the client has closed.
  ///
  /// Returns: `Started`, or why no attempt begins.
  ConnectResult connect();

  /// What `connect()` finds wrong with the options, for people: it names the field, as in "url: a fragment is not
  /// allowed". Empty if nothing is.
  [[nodiscard]] std::string connectFault() const;

  /// Queues `text` and returns without waiting for the network.
  ///
  /// Messages leave in call order, and wait while the client is not open; but what is sent inside `onOpen` leaves
  /// before what was waiting, which waits until `onOpen` has returned, and goes on no other connection: what has not
  /// left when that one ends is dropped (`DropReason::Stale`), since the next `onOpen` sends its own. Otherwise what
  /// is queued survives a reconnect. Arrival is not promised: what was
  /// handed to the platform when a connection died is counted in `CloseInfo::unconfirmedMessages` and not sent again,
  /// and what is still queued when the client closes for good is dropped and reported to `onDropped`. The payload is
  /// copied, so the caller may reuse its buffer.
  ///
  /// Returns: `Queued`, or why nothing was queued.
  [[nodiscard]] SendResult send(std::string_view text, const SendOptions& options = {});

  /// Queues a binary message; otherwise as `send`.
  [[nodiscard]] SendResult sendBinary(std::span<const std::byte> payload, const SendOptions& options = {});

  /// As above, for any contiguous range of one-byte elements.
  template <ByteRange Range>
  requires(!std::convertible_to<const Range&, std::span<const std::byte>>) [[nodiscard]] SendResult
      sendBinary(const Range& payload, const SendOptions& options = {}) {
    return sendBinary(std::as_bytes(std::span(std::ranges::data(payload), std::ranges::size(payload))), options);
  }

  /// How many payload bytes were accepted by `send` and have not yet been handed to the operating system: what waits
  /// here, and what the platform still holds (WHATWG WebSockets, `bufferedAmount`). As of the last turn for the latter.
  [[nodiscard]] std::size_t bufferedAmount() const;

  /// Ends the connection for good: sends what was queued while open, then the Close frame, and waits for the peer's,
  /// all within `Options::closeTimeout` (RFC 6455 section 7.1.2). In `Connecting` the attempt is given up; in `Waiting`
  /// the state changes to `Closed` without a second `onClose`.
  ///
  /// `code` is 1000 or within 3000 to 4999; `reason` has at most 123 bytes of UTF-8.
  CloseResult close(std::uint16_t code = 1000, std::string_view reason = {});

  /// Drops this connection, or the wait for the next, and connects again now. What waits in the queue stays.
  ReconnectResult reconnect();

  /// Asks the peer for a sign of life now, without waiting for the interval.
  HeartbeatResult heartbeat();

  /// Stops taking messages from the connection until `resume()`, also across a reconnect. The messages that were taken
  /// already are still delivered.
  ///
  /// Platforms: natively TCP makes the peer wait, and liveness is not judged meanwhile. A page cannot stop its browser
  /// from reading: messages and what follows them wait undelivered, up to `Options::deliveryQueueBytes`, and beyond
  /// that the connection ends with `SlowConsumer`.
  PauseResult pause();
  /// Ends `pause()`.
  PauseResult resume();

  /// Blocks until the client is open, for programs without a loop of their own.
  ///
  /// Platforms: native.
  WaitResult waitOpen(std::chrono::milliseconds timeout) const;
  /// Blocks until the client has closed for good. One that was never told to connect counts as closed.
  ///
  /// Platforms: native.
  WaitResult waitClosed(std::chrono::milliseconds timeout) const;

  /// What the client has done so far, and what waits.
  [[nodiscard]] Stats stats() const;

  /// The last things that happened, a line each, the oldest first: to go into a bug report. See
  /// `Options::flightRecorder`; without its leave there is no payload in it. URLs appear without their query, and what
  /// could end a line or move a terminal's cursor appears escaped (`\n`, `\x1b`).
  [[nodiscard]] std::string flightRecord() const;

  /// Runs callbacks that are due, on this thread; see `Callbacks::Poll`. What exceeds the budget waits for the next
  /// call.
  ///
  /// Returns: how many ran. Always 0 unless the client was made with `Callbacks::Poll`, and inside a callback of it.
  std::size_t poll(PollBudget budget = {});

  /// The state as of now; it may lag behind on other threads.
  [[nodiscard]] State state() const;

  /// The connection is open: messages flow.
  /// Platforms: Web: same. Firefox leaves out its own event when a Close frame comes right behind the 101; then
  /// `onOpen` comes just before `onClose`. Node: same.
  template <std::invocable<const Opened&> Handler>
  void onOpen(Handler handler) {
    setOnOpen(internal::guarded<Opened>(std::move(handler)));
  }
  /// A whole message has arrived; valid during the call.
  template <std::invocable<const Message&> Handler>
  void onMessage(Handler handler) {
    setOnMessage(internal::guarded<Message>(std::move(handler)));
  }
  /// An attempt has ended.
  template <std::invocable<const CloseInfo&> Handler>
  void onClose(Handler handler) {
    setOnClose(internal::guarded<CloseInfo>(std::move(handler)));
  }
  /// The state has changed. Comes before the `onOpen` or `onClose` that tells why, if there is one.
  template <std::invocable<const StateChange&> Handler>
  void onStateChange(Handler handler) {
    setOnStateChange(internal::guarded<StateChange>(std::move(handler)));
  }
  /// The peer has answered a heartbeat.
  /// Platforms: Native: after a Ping or a text. Web: after a text only. Why: no Ping frame.
  template <std::invocable<const HeartbeatInfo&> Handler>
  void onHeartbeat(Handler handler) {
    setOnHeartbeat(internal::guarded<HeartbeatInfo>(std::move(handler)));
  }

  /// Messages that `send` accepted will never be sent.
  template <std::invocable<const Dropped&> Handler>
  void onDropped(Handler handler) {
    setOnDropped(internal::guarded<Dropped>(std::move(handler)));
  }
  /// `bufferedAmount()` was above `SendQueueOptions::lowWaterBytes` and no longer is.
  /// Platforms: Web: looked for every 4 ms. Why: see `lowWaterBytes`.
  template <std::invocable<const Drained&> Handler>
  void onDrain(Handler handler) {
    setOnDrain(internal::guarded<Drained>(std::move(handler)));
  }

  // Setting a handler again replaces it, from the next event on; nullptr removes it. Events without a handler are lost.
  void onOpen(std::nullptr_t) { setOnOpen({}); }
  void onMessage(std::nullptr_t) { setOnMessage({}); }
  void onClose(std::nullptr_t) { setOnClose({}); }
  void onStateChange(std::nullptr_t) { setOnStateChange({}); }
  void onHeartbeat(std::nullptr_t) { setOnHeartbeat({}); }
  void onDropped(std::nullptr_t) { setOnDropped({}); }
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
