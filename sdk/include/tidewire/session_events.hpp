#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tidewire/message.hpp"

namespace tidewire {

/// An error of a call, a subscription or the session, from the server or from the session itself.
struct SessionError {
  /// A code of docs/protocol.md, section 4.9, or one of the session's own: `timeout`, `connection-lost`, `closed`,
  /// `too-large`, `unknown-channel`. Treat a code that you do not know by `temporary`; more may be added.
  std::string code = {};
  /// Description for people. It may be the server's. Not stable; do not parse it.
  std::string message = {};
  /// Whether the same call may succeed later.
  bool temporary = false;
  /// How many equal, consecutive errors this one stands for. More than 1 only in `Session::onError`, for errors that
  /// waited for `poll` or an executor.
  std::uint64_t count = 1;
};

/// A position in a channel's sequence of events.
///
/// It belongs to the channel, and stays valid across sessions and server restarts: an application that stores it can
/// continue from there after its own restart (`SubscribeOptions::since`).
struct ChannelPosition {
  /// Identifies the sequence. It changes when the server starts a new one; then positions of the old one are void.
  std::string epoch = {};
  /// Number of the event directly before the position; 0 before the first event.
  std::uint64_t seq = 0;

  /// Returns: true if both fields are equal.
  [[nodiscard]] bool operator==(const ChannelPosition&) const = default;
};

/// The application's payload of an event or a reply, opaque to the session protocol.
///
/// It is a view, valid until the callback that received it returns. No body and an empty body are different.
///
/// Thread: the one that runs the callback.
///
/// Platforms: Native: a view of the read buffer. Web: the payload stays in JavaScript until the first call of `text()`
/// or `bytes()`, which copies it.
class Body {
 public:
  /// Makes an absent body.
  Body() = default;
  /// Makes a view of `message`; an absent body for null.
  explicit Body(const Message* message) noexcept : message_(message) {}

  /// Returns: true if there is a body, even an empty one.
  ///
  /// Platforms: the same everywhere.
  [[nodiscard]] bool isPresent() const noexcept { return message_ != nullptr; }
  /// Returns: true if the sender declared the body as text, which is then well-formed UTF-8; true if there is no body.
  ///
  /// Platforms: the same everywhere.
  [[nodiscard]] bool isText() const noexcept { return message_ == nullptr || message_->isText(); }
  /// Returns: the body as characters, not NUL-terminated; empty if there is no body.
  ///
  /// Platforms: Native: a view of the received message. Web: the first call copies the body from JavaScript. Why:
  /// payloads stay in JavaScript.
  [[nodiscard]] std::string_view text() const noexcept {
    return message_ == nullptr ? std::string_view() : message_->text();
  }
  /// Returns: the body as bytes; of a text, its UTF-8 encoding; empty if there is no body.
  ///
  /// Platforms: Native: a view of the received message. Web: the first call copies the body from JavaScript. Why:
  /// payloads stay in JavaScript.
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return message_ == nullptr ? std::span<const std::byte>() : message_->bytes();
  }

 private:
  friend struct internal::MessageAccess;

  const Message* message_ = nullptr;
};

/// One event of a channel, delivered to `SubscriptionHandlers::onEvent` (docs/protocol.md, section 5).
///
/// The views are valid until the callback returns.
struct Event {
  /// Channel of the event.
  std::string_view channel = {};
  /// Number of the event. It grows by one from event to event of the channel.
  std::uint64_t seq = 0;
  /// Time of the event by the server's clock, since 1970 (UTC); empty if the server states none.
  std::optional<std::chrono::milliseconds> time = {};
  /// Number of events directly before this one that a conflated subscription left out. Otherwise 0.
  std::uint64_t skipped = 0;
  /// Payload of the event.
  Body body = {};
};

/// Events that this subscription has missed for good: the server no longer has them, or failed to send them again.
///
/// Reported once, in order: after the events before the gap and before those behind it.
struct Gap {
  /// Channel of the gap. Valid until the callback returns.
  std::string_view channel = {};
  /// Whether `from` and `to` are known. If not, the channel's epoch has changed, and the number of missing events is
  /// unknown.
  bool hasRange = false;
  /// Number of the first missing event.
  std::uint64_t from = 0;
  /// Number of the last missing event.
  std::uint64_t to = 0;
};

/// The server has confirmed a subscription; events follow. Repeated after each reconnect.
struct SubscribedInfo {
  /// Channel of the subscription. Valid until the callback returns.
  std::string_view channel = {};
  /// Position directly before the next event of this subscription.
  ChannelPosition position = {};
};

/// The server refused or ended a subscription permanently, or the channel name is invalid. It is the last callback of
/// the subscription.
struct SubscriptionEnd {
  /// Channel of the subscription. Valid until the callback returns.
  std::string_view channel = {};
  /// Why it ended.
  SessionError error = {};
};

/// Outcome of a publish with `PublishOptions::ack`. Reported exactly once, unless the session is destroyed first.
struct Ack {
  /// Whether the publish reached the channel.
  enum class Outcome : std::uint8_t {
    /// Published exactly once; with `PublishOptions::resend` possibly twice.
    Published,
    /// Not published; `error` says why.
    Refused,
    /// It may or may not have been published, and cannot be determined any more: for example, the connection was lost
    /// before the acknowledgement and the server does not remember the session (docs/protocol.md, section 6).
    Unknown,
    /// Not published: the session closed before it was sent.
    NotSent,
  };

  /// Whether the publish reached the channel.
  Outcome outcome = Outcome::Unknown;
  /// With `Published`: the event's number in the channel, if the server states it.
  std::optional<std::uint64_t> seq = {};
  /// With every outcome but `Published`: the reason.
  SessionError error = {};
};

/// Returns: the enumerator's name, such as "Published".
[[nodiscard]] std::string_view nameOf(Ack::Outcome outcome) noexcept;

/// Reply to a request. Reported exactly once, unless the request is cancelled or the session is destroyed first.
struct Reply {
  /// Why the request failed; empty on success.
  std::optional<SessionError> error = {};
  /// Payload of the reply; absent if there is an error. Valid until the callback returns.
  Body body = {};
};

/// Result of `Session::publish`, `publishBytes`, `request`, `requestBytes` and `authenticate`.
enum class CallResult : std::uint8_t {
  /// Accepted into the outbox. Calls leave in call order.
  Queued,
  /// The session is closing or closed; call `connect()` first.
  Closed,
  /// The call alone exceeds `OutboxOptions::maxBytes`, or a token exceeds about 16,000 bytes.
  TooLarge,
  /// The outbox has no room now. Nothing was queued.
  QueueFull,
  /// The channel or method name is invalid: it needs 1 to 255 bytes of UTF-8 without control characters.
  InvalidName,
  /// The text or token is not well-formed UTF-8.
  InvalidUtf8,
  /// The call came from a thread other than the one that made the session.
  ///
  /// Platforms: Native: never. Web: on a thread other than the one that made the session.
  WrongThread,
};

/// Returns: the enumerator's name, such as "Queued".
[[nodiscard]] std::string_view nameOf(CallResult result) noexcept;

}  // namespace tidewire
