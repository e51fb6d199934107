#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>

#include "core/protocol/channel_progress.hpp"
#include "tidewire/message.hpp"
#include "tidewire/session_events.hpp"

namespace tidewire::internal {

// News of a session for one of its subscriptions or calls, on its way through the delivery queue.

struct ReplyNews {
  std::optional<SessionError> error = {};
};
using News = std::variant<tidewire::Event, core::protocol::Loss, ChannelPosition, SessionError, Ack, ReplyNews>;

struct SessionEvent;

/// A subscription or a call, as the receiver of news.
class Recipient {
 public:
  /// `conflates`: of the events that wait, only the newest is delivered.
  explicit Recipient(bool conflates) noexcept : conflates_(conflates) {}
  Recipient(const Recipient&) = delete;
  Recipient& operator=(const Recipient&) = delete;
  virtual ~Recipient() = default;

  /// Runs the application's callback. Where callbacks run.
  virtual void receive(const SessionEvent& event) = 0;

  /// Handles news that need no callback. Loop thread.
  ///
  /// Returns: false if a callback has to run.
  [[nodiscard]] virtual bool absorb(const SessionEvent& /*event*/) { return false; }

 private:
  friend class Delivery;

  const bool conflates_;
  // The delivery's, under its lock: the event that waits, where no other news has followed it, as of that version of
  // the queue.
  SessionEvent* waiting_ = nullptr;
  std::uint64_t queueVersion_ = 0;
};

/// A `tidewire::Event` in it lacks its body, which is valid only while `body` stays where it is; its channel's name is
/// the recipient's.
struct SessionEvent {
  std::shared_ptr<Recipient> to;
  News news;
  std::optional<Message> body = {};
};

}  // namespace tidewire::internal
