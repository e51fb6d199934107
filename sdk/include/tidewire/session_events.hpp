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

/// What the other side, or the session itself, has against something that was asked for.
struct SessionError {
  /// A code of docs/protocol.md, section 4.9, or one of the session's own: `timeout`, `connection-lost`, `closed`,
  /// `too-large`. Others may be added.
  std::string code = {};
  std::string message = {};  ///< For people.
  bool temporary = false;    ///< The same may succeed later.
  /// How many equal errors this is, one behind the other. More than 1 only in `Session::onError`, where they wait for
  /// `poll` or an executor.
  std::uint64_t count = 1;
};

/// A place in a channel. It belongs to the channel, so it outlives sessions and servers: an application that keeps it
/// can go on there after its own restart (`SubscribeOptions::since`).
struct ChannelPosition {
  std::string epoch = {};
  std::uint64_t seq = 0;

  [[nodiscard]] bool operator==(const ChannelPosition&) const = default;
};

/// What a message of the protocol carries besides its head, opaque to the protocol. A view, valid during the callback.
class Body {
 public:
  Body() = default;
  explicit Body(const Message* message) noexcept : message_(message) {}

  /// No body and an empty one are different things.
  [[nodiscard]] bool isPresent() const noexcept { return message_ != nullptr; }
  /// Whether the sender called it text: then it is well-formed UTF-8.
  [[nodiscard]] bool isText() const noexcept { return message_ == nullptr || message_->isText(); }
  [[nodiscard]] std::string_view text() const noexcept {
    return message_ == nullptr ? std::string_view() : message_->text();
  }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return message_ == nullptr ? std::span<const std::byte>() : message_->bytes();
  }

 private:
  friend struct internal::MessageAccess;

  const Message* message_ = nullptr;
};

/// Something that was published on a channel. Views are valid during the callback.
struct Event {
  std::string_view channel = {};
  std::uint64_t seq = 0;                               ///< Grows by one from event to event of the channel.
  std::optional<std::chrono::milliseconds> time = {};  ///< When it happened, by the server's clock, since 1970.
  std::uint64_t skipped = 0;  ///< Events before this one that a conflated subscription left out.
  Body body = {};
};

/// Events that this subscriber will never get: the server has them no more, or left them out each time that it was
/// asked. Told once, in its place between the events.
struct Gap {
  std::string_view channel = {};
  /// Without a range the channel's epoch has changed, and nobody can tell how much is missing.
  bool hasRange = false;
  std::uint64_t from = 0;
  std::uint64_t to = 0;  ///< Included.
};

/// The server has answered a subscription: events follow from here. Comes again after each reconnect.
struct SubscribedInfo {
  std::string_view channel = {};
  ChannelPosition position = {};
};

/// The server refused or ended a subscription, and not only for the moment. Its last callback.
struct SubscriptionEnd {
  std::string_view channel = {};
  SessionError error = {};
};

/// What became of a publish that asked for an acknowledgement. Comes exactly once.
struct Ack {
  enum class Outcome : std::uint8_t {
    Published,  ///< Once; with `resend` perhaps twice. `seq` is its place in the channel, if the server tells.
    Refused,    ///< Not published: `error` says why.
    Unknown,    ///< It may or may not have been published, and nobody can tell (docs/protocol.md, section 6).
    NotSent,    ///< Not published: the session closed before it was sent.
  };

  Outcome outcome = Outcome::Unknown;
  std::optional<std::uint64_t> seq = {};
  SessionError error = {};
};

/// The outcome's name as in the enumeration.
[[nodiscard]] std::string_view nameOf(Ack::Outcome outcome) noexcept;

/// The answer to a request. Comes exactly once, unless the request is cancelled.
struct Reply {
  std::optional<SessionError> error = {};  ///< Then there is no body.
  Body body = {};
};

/// What `Session::publish`, `request` and `authenticate` answer.
enum class CallResult : std::uint8_t {
  Queued,       ///< Accepted. Calls leave in their order.
  Closed,       ///< The session is closing or closed; call `connect()` first.
  TooLarge,     ///< Larger alone than the whole outbox may be; a token that has more than some 16,000 bytes.
  QueueFull,    ///< No room now; nothing was queued.
  InvalidName,  ///< Not a channel or a method: 1 to 255 bytes of UTF-8 without control characters.
  InvalidUtf8,  ///< The text is not well-formed UTF-8.
  WrongThread,  ///< Web: called on a thread other than the one that made the session.
};

/// The result's name as in the enumeration.
[[nodiscard]] std::string_view nameOf(CallResult result) noexcept;

}  // namespace tidewire
