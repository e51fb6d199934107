#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>

#include "core/protocol/channel_progress.hpp"
#include "tidewire/message.hpp"
#include "tidewire/session_events.hpp"

namespace tidewire::internal {

// What a session tells one of its subscriptions or calls, on its way through the delivery queue.

struct EventNews {
  std::uint64_t seq = 0;
  std::optional<std::uint64_t> ts = {};
  std::uint64_t skipped = 0;
};
struct ReplyNews {
  std::optional<SessionError> error = {};
};
using News = std::variant<EventNews, core::protocol::Loss, ChannelPosition, SessionError, Ack, ReplyNews>;

struct SessionEvent;

/// Somebody that news of a session is for.
class Recipient {
 public:
  /// `conflates`: of the events that wait, the newest is enough.
  explicit Recipient(bool conflates) noexcept : conflates_(conflates) {}
  Recipient(const Recipient&) = delete;
  Recipient& operator=(const Recipient&) = delete;
  virtual ~Recipient() = default;

  /// Runs the application's callback. Where callbacks run.
  virtual void receive(const SessionEvent& event) = 0;

  /// Deals with news that nobody has to be called for. Returns false if somebody has to be. Loop thread.
  [[nodiscard]] virtual bool absorb(const SessionEvent& /*event*/) { return false; }

 private:
  friend class Delivery;

  const bool conflates_;
  // The delivery's, under its lock: the event that waits, where no other news has followed it, as of that version of
  // the queue.
  SessionEvent* waiting_ = nullptr;
  std::uint64_t queueVersion_ = 0;
};

struct SessionEvent {
  std::shared_ptr<Recipient> to;
  News news;
  std::optional<Message> body = {};
};

}  // namespace tidewire::internal
