#include "core/protocol/outbox.hpp"

#include <algorithm>
#include <utility>

#include "core/bytes.hpp"

namespace tidewire::core::protocol {
namespace {

using Outcome = tidewire::Ack::Outcome;

// Publishes that may be on their way to a server which does not say how many it remembers.
constexpr std::uint64_t kUsualWindow = 1024;
// So many may wait for their answers after the server has called this client slow.
constexpr std::uint64_t kFirstPublishes = 16;
constexpr std::uint64_t kFirstRequests = 8;
// Larger messages are sent alone, so one of them is the cause where a server finds a message too large.
constexpr std::size_t kAlwaysTaken = Outbox::kBatchBytes;

SessionError connectionLost() {
  return {.code = "connection-lost", .message = "the connection was lost before the answer came", .temporary = true};
}

SessionError tooLarge() {
  return {.code = "too-large", .message = "larger than the server takes"};
}

bool isRequest(const Call& call) {
  return call.kind == Call::Kind::Request;
}

}  // namespace

// The application.

void Outbox::add(Time now, Call call) {
  const CallId id = call.id;
  unsentBytes_ += call.body.size();
  Pending& pending = calls_.add(id, std::move(call));
  if (pending.call.timeout > Duration::zero()) {
    pending.deadline.id = id;
    deadlines_.add(pending.deadline, now + pending.call.timeout);
  }
}

void Outbox::cancel(CallId id, bool isUp) {
  Pending* const pending = calls_.find(id);
  if (pending != nullptr && isRequest(pending->call)) {
    // Reported, so that its place in the outbox is free, although the application does not listen any more.
    cancelRequest(*pending, isUp, {.code = "cancelled", .message = "cancelled"});
  }
}

void Outbox::tick(Time now, bool isUp) {
  while (const Deadline* const deadline = deadlines_.due(now)) {
    cancelRequest(*calls_.find(deadline->id), isUp,
                  {.code = "timeout", .message = "no reply within the timeout", .temporary = true});
  }
}

// The connection.

void Outbox::welcomed(Time now, const Welcome& head) {
  openWindows(head);
  settleDoubts(now, head);
  next_ = 0;  // What is in doubt is sent first: it is older than what was never sent.
}

void Outbox::openWindows(const Welcome& head) {
  maxMessage_ = head.maxMessage;
  const auto pace = [this](std::uint64_t window, std::uint64_t first) {
    return slowInRow_ == 0 ? window : std::max<std::uint64_t>(first >> (slowInRow_ - 1), 1);
  };
  const std::uint64_t publishes = head.dedup ? head.dedup->count : kUsualWindow;
  publishes_.open(publishes, pace(publishes, kFirstPublishes));
  requests_.open(head.requests, pace(head.requests, kFirstRequests));
}

/// Decides of each call that was sent on an earlier connection and not answered whether it is sent again.
void Outbox::settleDoubts(Time now, const Welcome& head) {
  // A server that remembers fewer than before does not say which it has forgotten.
  const bool all = openPublishes_.empty() || isRemembered(lastPublishNumber_);
  const bool resumed = head.resumed && head.dedup && all;
  calls_.each([&](Pending& pending) {
    if (pending.call.id >= sentBelow_) {
      return;
    }
    const bool remembered = resumed && now - pending.firstSentAt < head.dedup->age;
    pending.isInDoubt = pending.isInDoubt || !remembered;
    if (!resumed) {
      openPublishes_.erase(std::exchange(pending.publishNumber, 0));  // It is a new one to this server.
    }
    if (!isRequest(pending.call) && !remembered && !pending.call.resend) {
      endPublish(pending, {.outcome = Outcome::Unknown, .error = connectionLost()});
    }
  });
}

void Outbox::ended(bool forGood) {
  next_ = sentBelow_;
  publishes_.close();
  requests_.close();
  sentLarge_ = false;
  calls_.each([&](Pending& pending) {
    const Call& call = pending.call;
    const bool sent = call.id < sentBelow_;
    pending.flyingBytes = 0;
    if (forGood) {
      endUnanswered(pending, {.code = "closed", .message = "the session has closed"},
                    sent ? Outcome::Unknown : Outcome::NotSent);
    } else if (sent && isRequest(call) && !call.idempotent) {
      endRequest(pending, connectionLost());
    }
  });
}

void Outbox::calledSlow() noexcept {
  slowInRow_ += slowInRow_ < 8 ? 1 : 0;
}

bool Outbox::calledTooLarge() {
  bool ended = sentLarge_;
  calls_.each([&](Pending& pending) {
    if (pending.flyingBytes > kAlwaysTaken) {
      ended = true;
      endUnanswered(pending, tooLarge(), Outcome::Unknown);
    }
  });
  return ended;
}

// The server.

void Outbox::acknowledged(const protocol::Ack& head) {
  Pending* const pending = sent_.find(head.id);
  if (pending != nullptr && !isRequest(pending->call)) {
    answered(*pending);
    endPublish(*pending, {.outcome = Outcome::Published, .seq = head.seq});
  }
}

void Outbox::replied(const protocol::Reply& head, const ServerMessage& message) {
  Pending* const pending = sent_.find(head.id);
  if (pending != nullptr && isRequest(pending->call)) {
    answered(*pending);
    endRequest(*pending, std::nullopt, head.type, message.body);
  }
}

void Outbox::refused(std::uint64_t wireId, SessionError error) {
  if (Pending* const pending = sent_.find(wireId)) {
    answered(*pending);
    const bool known = error.code != "internal" && !pending->isInDoubt;
    endUnanswered(*pending, std::move(error), known ? Outcome::Refused : Outcome::Unknown);
  }
}

void Outbox::answered(const Pending& pending) {
  if (pending.flyingBytes > 0 && windowOf(pending).answered()) {
    slowInRow_ = 0;
  }
}

// Sending.

/// The call whose turn it is, or null.
Outbox::Pending* Outbox::nextCall() {
  Pending* const pending = calls_.from(next_);
  if (pending != nullptr) {
    next_ = pending->call.id;  // Past calls that have ended, so that they are passed once.
  }
  return pending;
}

bool Outbox::resends() {
  const Pending* const pending = nextCall();
  return pending != nullptr && pending->call.id < sentBelow_;
}

bool Outbox::maySend() {
  const Pending* const pending = nextCall();
  return pending != nullptr && isWithinWindow(*pending);
}

bool Outbox::isWithinWindow(const Pending& pending) const {
  if (isRequest(pending.call)) {
    return requests_.hasRoom();
  }
  if (!pending.call.ack) {
    return true;
  }
  const bool fresh = pending.publishNumber == 0 && !openPublishes_.empty();
  const bool remembered = !fresh || isRemembered(lastPublishNumber_ + 1);
  return remembered && publishes_.hasRoom();
}

/// Whether the server, whose memory has a bound, still remembers the oldest open publish where the newest has this
/// number.
bool Outbox::isRemembered(std::uint64_t newestNumber) const {
  return newestNumber - openPublishes_.firstId() < publishes_.size();
}

std::size_t Outbox::send(Framer& framer, Time now) {
  Pending& pending = *nextCall();
  const bool again = pending.call.id < sentBelow_;
  next_ = pending.call.id + 1;
  if (!again) {
    sentBelow_ = next_;
    unsentBytes_ -= pending.call.body.size();
  }
  const std::string head = headFor(pending);
  const auto body = asBytes(pending.call.body);
  if (!fits(head, body, maxMessage_)) {
    // A server that took more before may have taken it.
    endUnanswered(pending, tooLarge(), again ? Outcome::Unknown : Outcome::Refused);
    return 0;
  }
  framer.add(head, body);
  if (pending.firstSentAt == Time()) {
    pending.firstSentAt = now;
  }
  const std::size_t bytes = head.size() + 1 + body.size();
  if (pending.wireId != 0) {
    pending.flyingBytes = bytes;
    windowOf(pending).sent();
  } else {
    sentLarge_ = sentLarge_ || bytes > kAlwaysTaken;
    endPublish(pending, {});  // Nothing answers it.
  }
  return bytes;
}

/// Gives the numbers at the first time, so that they rise in the order in which they are used.
std::string Outbox::headFor(Pending& pending) {
  const Call& call = pending.call;
  const bool wantsId = isRequest(call) || call.ack;
  if (wantsId && pending.wireId == 0) {
    pending.wireId = heads_.nextId();
    sent_.add(pending.wireId, pending);
  }
  if (wantsId && !isRequest(call) && pending.publishNumber == 0) {
    pending.publishNumber = ++lastPublishNumber_;
    openPublishes_.add(pending.publishNumber, pending);
  }
  if (isRequest(call)) {
    return write(protocol::Request{.id = pending.wireId, .method = call.target, .type = call.type});
  }
  return write(
      Publish{.id = wantsId ? std::optional(pending.wireId) : std::nullopt, .channel = call.target, .type = call.type});
}

// Ending. After each of these `pending` is gone.

void Outbox::endPublish(Pending& pending, tidewire::Ack ack) {
  actions_.push_back(PublishEnded{pending.call.id, pending.call.ack, std::move(ack)});
  forget(pending);
}

void Outbox::endRequest(Pending& pending, std::optional<SessionError> error, BodyType type,
                        std::optional<ArrivedBody> body) {
  actions_.push_back(RequestEnded{pending.call.id, std::move(error), type, body});
  forget(pending);
}

void Outbox::endUnanswered(Pending& pending, SessionError error, Outcome outcome) {
  if (isRequest(pending.call)) {
    endRequest(pending, std::move(error));
  } else {
    endPublish(pending, {.outcome = outcome, .error = std::move(error)});
  }
}

void Outbox::cancelRequest(Pending& pending, bool isUp, SessionError error) {
  if (pending.wireId != 0 && isUp) {
    heads_.push(write(Cancel{pending.wireId}));
  }
  endRequest(pending, std::move(error));
}

void Outbox::forget(Pending& pending) {
  const CallId id = pending.call.id;
  if (id >= sentBelow_) {
    unsentBytes_ -= pending.call.body.size();
  }
  deadlines_.erase(pending.deadline);
  if (pending.flyingBytes > 0) {
    windowOf(pending).ended();
  }
  sent_.erase(pending.wireId);
  openPublishes_.erase(pending.publishNumber);
  calls_.erase(id);
}

}  // namespace tidewire::core::protocol
