#include "core/protocol/session_core.hpp"

#include <algorithm>
#include <variant>

namespace tidewire::core::protocol {
namespace {

// The `t` of a ping that is no probe.
constexpr std::uint64_t kNoProbe = 0;

/// Also of a token that runs out on a live connection.
bool refusesToken(const SessionError& error) {
  return error.code == "token-expired" || error.code == "unauthorized";
}

}  // namespace

SessionCore::SessionCore(Settings settings)
    : random_(settings.seed),
      greeting_(std::move(settings.key), settings.maxMessage),
      channels_(heads_, actions_, random_),
      outbox_(heads_, actions_),
      batchDelay_(settings.batchDelay) {}

/// Returns false, and changes nothing, if `on` does not fit the phase.
bool SessionCore::step(PhaseTrigger on) noexcept {
  const std::optional<Phase> to = next(phase_, on);
  phase_ = to.value_or(phase_);
  return to.has_value();
}

// Inputs from the application.

void SessionCore::subscribe(SubscriberId id, std::string_view channel, bool conflate, std::uint64_t replay,
                            std::optional<Position> since) {
  channels_.subscribe(id, channel, {.conflate = conflate, .replay = replay, .since = std::move(since)},
                      phase_ != Phase::Down);
}

void SessionCore::authenticate(std::string token) {
  // Also behind `hello`, which has left with the token before this one.
  if (phase_ != Phase::Down) {
    greeting_.authenticate(std::move(token), heads_);
  }
}

// Inputs from the connection.

void SessionCore::opened(Time now, std::optional<std::string> token) {
  if (step(PhaseTrigger::Opened)) {
    clock_.opened(now);
    heads_.push(greeting_.hello(std::move(token)));
    channels_.opened();
  }
}

void SessionCore::arrived(Time now, ServerMessage& message) {
  ServerHead& head = message.head;
  const Phase before = phase_;
  const auto* const event = std::get_if<EventHead>(&head);
  // The table leaves an event where it is: to search it for each takes longer than all that the channel does.
  static_assert(next(Phase::Up, PhaseTrigger::OtherCame) == Phase::Up);
  if (event != nullptr && phase_ == Phase::Up) {
    channels_.arrived(now, *event, message);
    return;
  }
  if (!step(triggerOf(head))) {
    return;
  }
  if (phase_ == Phase::Failed) {
    fail(head, before);
  } else if (event != nullptr) {
    channels_.arrived(now, *event, message);
  } else if (const auto* reply = std::get_if<protocol::Reply>(&head)) {
    outbox_.replied(*reply, message);
  } else if (const auto* ack = std::get_if<protocol::Ack>(&head)) {
    greeting_.answered(ack->id);
    outbox_.acknowledged(*ack);
  } else if (const auto* pong = std::get_if<Pong>(&head)) {
    ponged(now, *pong);
  } else if (const auto* subscribed = std::get_if<Subscribed>(&head)) {
    channels_.subscribed(now, *subscribed);
  } else if (auto* unsubscribed = std::get_if<Unsubscribed>(&head)) {
    channels_.unsubscribed(now, *unsubscribed);
  } else if (auto* error = std::get_if<ErrorHead>(&head)) {
    refused(now, *error);
  } else if (auto* welcome = std::get_if<Welcome>(&head)) {
    welcomed(now, *welcome);
  } else if (auto* goAway = std::get_if<GoAway>(&head); goAway != nullptr && before == Phase::Up) {
    greeting_.goAway(now, *goAway, random_);
  }
}

void SessionCore::fail(ServerHead& head, Phase before) {
  batchDelay_.stop();
  auto* const malformed = std::get_if<Malformed>(&head);
  actions_.push_back(PeerFailed{malformed != nullptr        ? std::move(malformed->why)
                                : before == Phase::Greeting ? "something came before welcome"
                                                            : "a second welcome"});
}

void SessionCore::ended(bool forGood) {
  step(PhaseTrigger::Ended);
  heads_.clear();
  ping_.reset();
  batchDelay_.stop();
  greeting_.ended();
  channels_.ended();
  outbox_.ended(forGood);
}

void SessionCore::probe(Time now, std::uint64_t t) {
  if (isUp(phase_)) {
    ping_ = write(Ping{t});
    clock_.probed(now, t);
  }
}

void SessionCore::reassure() {
  if (isUp(phase_) && !ping_) {
    ping_ = write(Ping{kNoProbe});
  }
}

void SessionCore::tick(Time now) {
  outbox_.tick(now, isUp(phase_));
  channels_.tick(now);
  if (phase_ == Phase::Leaving && now >= greeting_.leaveAt()) {
    step(PhaseTrigger::LeaveTimeCame);
    actions_.push_back(LeaveNow{greeting_.takeLeaveTo()});
  }
  batchDelay_.tick(now);
}

// Messages.

void SessionCore::welcomed(Time now, Welcome& head) {
  clock_.welcomed(now, head.now);
  greeting_.welcomed(now, head);
  actions_.push_back(Welcomed{head.resumed, head.heartbeat});
  outbox_.welcomed(now, head);
}

void SessionCore::ponged(Time now, const Pong& head) {
  if (head.t != kNoProbe) {  // The answer to another ping may have lain unread for long.
    clock_.answered(now, head.t, head.now);
    actions_.push_back(PongArrived{head.t});
  }
}

void SessionCore::refused(Time now, ErrorHead& head) {
  SessionError error{std::move(head.code), std::move(head.message), head.temporary};
  if (!head.id) {
    if (phase_ == Phase::Greeting || refusesToken(error)) {
      greeting_.refused(error);
    }
    actions_.push_back(ErrorArrived{std::move(error)});
  } else if (greeting_.answered(*head.id)) {
    actions_.push_back(ErrorArrived{std::move(error)});
  } else if (!channels_.refused(now, *head.id, error)) {
    outbox_.refused(*head.id, std::move(error));
  }
}

// Answers.

std::optional<SessionAction> SessionCore::takeAction() {
  if (actions_.empty()) {
    return std::nullopt;
  }
  std::optional<SessionAction> action(std::move(actions_.front()));
  actions_.pop_front();
  return action;
}

std::vector<Framer::Batch> SessionCore::takeBatches(Time now, std::size_t room) {
  if (phase_ == Phase::Down || phase_ == Phase::Failed || room == 0 || waitsForMore(now)) {
    return {};
  }
  batchDelay_.stop();
  Framer framer(isUp(phase_)
                    ? static_cast<std::size_t>(std::min<std::uint64_t>(outbox_.maxMessage(), Outbox::kBatchBytes))
                    : Outbox::kBatchBytes);
  std::size_t bytes = 0;
  if (ping_) {
    framer.add(*ping_, std::nullopt);
    ping_.reset();
  }
  for (; !heads_.empty() && bytes < room; heads_.pop()) {
    framer.add(heads_.front(), std::nullopt);
    bytes += heads_.front().size();
  }
  while (isUp(phase_) && heads_.empty() && bytes < room && outbox_.maySend()) {
    bytes += outbox_.send(framer, now);
  }
  return framer.take();
}

/// Whether everything that could be sent is held back for others that may join it.
bool SessionCore::waitsForMore(Time now) {
  const bool isUrgent =
      ping_ || phase_ == Phase::Greeting || outbox_.resends() || outbox_.unsentBytes() >= Outbox::kBatchBytes;
  if (batchDelay_.isZero() || isUrgent) {
    return false;
  }
  return (!heads_.empty() || outbox_.maySend()) && batchDelay_.holds(now);
}

std::optional<Time> SessionCore::deadline() const {
  std::optional<Time> first;
  const auto consider = [&first](std::optional<Time> time) {
    if (time && (!first || *time < *first)) {
      first = time;
    }
  };
  if (phase_ == Phase::Leaving) {
    consider(greeting_.leaveAt());
  }
  consider(outbox_.deadline());
  consider(channels_.deadline());
  consider(batchDelay_.deadline());
  return first;
}

}  // namespace tidewire::core::protocol
