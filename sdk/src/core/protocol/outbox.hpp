#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/id_table.hpp"
#include "core/protocol/call_window.hpp"
#include "core/protocol/deadlines.hpp"
#include "core/protocol/framing.hpp"
#include "core/protocol/head_queue.hpp"
#include "core/protocol/heads.hpp"
#include "core/protocol/server_message.hpp"
#include "core/protocol/session_actions.hpp"
#include "core/time.hpp"

namespace tidewire::core::protocol {

/// The publishes and requests of a session that are not over: what is sent, in call order, what is sent again on the
/// next connection, and how each ends (docs/protocol.md, section 6).
class Outbox {
 public:
  /// Messages are joined up to this size; one that is larger is sent alone.
  static constexpr std::size_t kBatchBytes = 65'536;

  Outbox(HeadQueue& heads, ActionQueue& actions) noexcept : heads_(heads), actions_(actions) {}

  void add(Time now, Call call);
  /// Ends a request without waiting for its reply. `isUp`: the server can be sent a `cancel`.
  void cancel(CallId id, bool isUp);
  /// Ends requests whose timeout is over.
  void tick(Time now, bool isUp);

  /// `head.resumed` counts only if the server still has the memory that `hello` named.
  void welcomed(Time now, const Welcome& head);
  /// `forGood`: no attempt follows by itself.
  void ended(bool forGood);
  /// Before `ended`: the server called this client too slow.
  void calledSlow() noexcept;
  /// Before `ended`: the server takes no message that large. Ends each unanswered call that may be the cause.
  ///
  /// Returns: whether there was one, or a publish without acknowledgement that may be the cause.
  [[nodiscard]] bool calledTooLarge();

  // Each has no effect if the id is of no such call.
  void acknowledged(const protocol::Ack& head);
  void replied(const protocol::Reply& head, const ServerMessage& message);
  void refused(std::uint64_t wireId, SessionError error);

  /// Whether a call may be sent now, on a connection that is up.
  [[nodiscard]] bool maySend();
  /// Adds the next call to `framer`, or ends it if the server takes none that large.
  ///
  /// Requires: `maySend`.
  /// Returns: the bytes that were added.
  [[nodiscard]] std::size_t send(Framer& framer, Time now);

  [[nodiscard]] bool hasToSend() const noexcept { return !calls_.empty() && calls_.lastId() >= next_; }
  /// Whether the next call was sent before, on another connection.
  [[nodiscard]] bool resends();
  [[nodiscard]] std::size_t unsentBytes() const noexcept { return unsentBytes_; }
  /// Whether each publish with `ack` that was sent has its answer.
  [[nodiscard]] bool hasAnswers() const noexcept { return openPublishes_.empty(); }
  /// The largest message that the server takes.
  [[nodiscard]] std::uint64_t maxMessage() const noexcept { return maxMessage_; }
  [[nodiscard]] std::optional<Time> deadline() const { return deadlines_.first(); }

 private:
  struct Pending {
    Call call = {};
    std::uint64_t wireId = 0;
    std::uint64_t publishNumber = 0;
    Time firstSentAt{};
    bool isInDoubt = false;       // Sent again to a server that may not know that it has it.
    std::size_t flyingBytes = 0;  // Its size, if it was sent on this connection.
    Deadline deadline = {};
  };

  [[nodiscard]] CallWindow& windowOf(const Pending& pending) noexcept {
    return pending.call.kind == Call::Kind::Request ? requests_ : publishes_;
  }
  void openWindows(const Welcome& head);
  void settleDoubts(Time now, const Welcome& head);
  [[nodiscard]] Pending* nextCall();
  [[nodiscard]] bool isWithinWindow(const Pending& pending) const;
  [[nodiscard]] bool isRemembered(std::uint64_t newestNumber) const;
  [[nodiscard]] std::string headFor(Pending& pending);
  void answered(const Pending& pending);

  void endPublish(Pending& pending, tidewire::Ack ack);
  void endRequest(Pending& pending, std::optional<SessionError> error, BodyType type = BodyType::Text,
                  std::optional<ArrivedBody> body = {});
  void endUnanswered(Pending& pending, SessionError error, tidewire::Ack::Outcome outcome);
  void cancelRequest(Pending& pending, bool isUp, SessionError error);
  void forget(Pending& pending);

  HeadQueue& heads_;
  ActionQueue& actions_;

  IdTable<Pending> calls_;
  CallId next_ = 0;       // The next call to send has this id at least.
  CallId sentBelow_ = 0;  // All below have been sent, on this connection or an earlier one.
  std::size_t unsentBytes_ = 0;
  IdMap<Pending> sent_;           // By wire id.
  IdMap<Pending> openPublishes_;  // By publish number: sent with `ack`, and not over.
  std::uint64_t lastPublishNumber_ = 0;
  Deadlines deadlines_;

  // Of this connection.
  std::uint64_t maxMessage_ = 0;
  CallWindow publishes_;
  CallWindow requests_;
  bool sentLarge_ = false;  // A publish without acknowledgement that may be too large.

  // Connections in a row that ended because the server called this client slow.
  unsigned slowInRow_ = 0;
};

}  // namespace tidewire::core::protocol
