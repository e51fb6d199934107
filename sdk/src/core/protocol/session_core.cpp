#include "core/protocol/session_core.hpp"

#include <algorithm>

#include "core/bytes.hpp"

namespace tidewire::core::protocol {
namespace {

constexpr std::size_t kBatchBytes = 65'536;
// Publishes that may be on their way to a server which does not tell how many it remembers.
constexpr std::uint64_t kUsualWindow = 1024;
// The `t` of a ping that is no question.
constexpr std::uint64_t kUnasked = 0;
// The protocol has integers for times that no clock here has. What is longer than ten years is that long.
constexpr std::chrono::milliseconds kLongestTime = std::chrono::hours(24 * 3652);
// In the year 2255.
constexpr std::chrono::milliseconds kLatestTime = std::chrono::hours(24 * 365 * 285);

SessionError connectionLost() {
  return {.code = "connection-lost", .message = "the connection was lost before the answer came", .temporary = true};
}

SessionError tooLarge() {
  return {.code = "too-large", .message = "larger than the server takes"};
}

/// Also of a token that runs out on a live connection.
bool refusesToken(const SessionError& error) {
  return error.code == "token-expired" || error.code == "unauthorized";
}

}  // namespace

SessionCore::SessionCore(Settings settings) : settings_(std::move(settings)), random_(settings_.seed) {}

// Inputs from the application.

void SessionCore::subscribe(SubscriberId id, std::string_view name, bool conflate, std::uint64_t replay,
                            std::optional<Position> since) {
  const auto found = channels_.find(name);
  if (found == channels_.end()) {
    const auto made = channels_.emplace(name, Channel{.progress = ChannelProgress(conflate, std::move(since))}).first;
    made->second.subscribers.push_back(id);
    made->second.replay = replay;
    if (phase_ != Phase::Down) {
      sendSubscribe(made->first, made->second);
    }
    return;
  }
  Channel& channel = found->second;
  channel.subscribers.push_back(id);
  if (!conflate && channel.progress.conflates()) {
    // One that wants everything makes it so for all; the others have the rest left out where they are served.
    channel.progress.becomeReliable();
    subscribeAnew(found->first, channel);
  } else if (channel.answered) {
    report(SubscriptionAnswered{{id}, *channel.progress.position()});
  }
}

void SessionCore::unsubscribe(SubscriberId id, std::string_view name) {
  const auto found = channels_.find(name);
  if (found == channels_.end() || std::erase(found->second.subscribers, id) == 0) {
    return;
  }
  if (found->second.subscribers.empty()) {
    if (found->second.wireId != 0) {
      subscribing_.erase(found->second.wireId);
      post(write(Unsubscribe{.id = ++lastWireId_, .channel = found->first}));
    }
    channels_.erase(found);
  }
}

void SessionCore::call(Time now, Call call) {
  Pending pending{.call = std::move(call)};
  if (pending.call.timeout > Duration::zero()) {
    pending.deadline = now + pending.call.timeout;
    deadlines_.emplace(*pending.deadline, pending.call.id);
  }
  unsentBytes_ += pending.call.body.size();
  calls_.emplace(pending.call.id, std::move(pending));
}

void SessionCore::cancel(CallId id) {
  const auto at = calls_.find(id);
  if (at == calls_.end() || at->second.call.kind != Call::Kind::Request) {
    return;
  }
  if (at->second.wireId != 0 && phase_ == Phase::Up) {
    post(write(Cancel{at->second.wireId}));
  }
  // Told, so that its place in the outbox is free; whoever cancelled does not listen any more.
  endRequest(at, SessionError{.code = "cancelled", .message = "cancelled"});
}

void SessionCore::authenticate(std::string token) {
  // Also behind `hello`, which has left with the token before this one.
  if (phase_ != Phase::Down) {
    authenticating_.insert(++lastWireId_);
    post(write(Auth{lastWireId_, std::move(token)}));
  }
}

// Inputs from the connection.

void SessionCore::opened(Time now, std::optional<std::string> token) {
  phase_ = Phase::Greeting;
  refusal_.reset();
  helloAt_ = now;
  post(write(Hello{settings_.key, ++attempt_, memory_, std::move(token)}));
  for (auto& [name, channel] : channels_) {
    sendSubscribe(name, channel);
  }
}

void SessionCore::arrived(Time now, ServerMessage& message) {
  if (failed_ || phase_ == Phase::Down) {
    return;
  }
  ServerHead& head = message.head;
  const bool mayComeFirst = std::holds_alternative<Welcome>(head) || std::holds_alternative<ErrorHead>(head) ||
                            std::holds_alternative<Malformed>(head);
  if (phase_ == Phase::Greeting && !mayComeFirst) {
    fail("something came before welcome");
  } else {
    std::visit([&](auto& alternative) { handle(now, alternative, message); }, head);
  }
}

void SessionCore::ended(bool forGood) {
  phase_ = Phase::Down;
  heads_.clear();
  subscribing_.clear();
  authenticating_.clear();
  ping_.reset();
  failed_ = false;
  leaveAt_.reset();
  waitingSince_.reset();
  again_.clear();
  for (auto& [name, channel] : channels_) {
    channel.progress.interrupted();
    channel.wireId = 0;
    if (std::exchange(channel.answered, false)) {
      report(SubscriptionInterrupted{channel.subscribers});
    }
  }
  for (auto at = calls_.begin(); at != calls_.end();) {
    const bool sent = at->first < unsentFrom_;
    const Call& call = at->second.call;
    if (forGood) {
      at = endUnanswered(at, {.code = "closed", .message = "the session has closed"},
                         sent ? tidewire::Ack::Outcome::Unknown : tidewire::Ack::Outcome::NotSent);
    } else if (sent && call.kind == Call::Kind::Request && !call.idempotent) {
      at = endRequest(at, connectionLost());
    } else {
      ++at;
    }
  }
}

void SessionCore::ask(Time now, std::uint64_t t) {
  if (phase_ == Phase::Up) {
    ping_ = write(Ping{t});
    pingAt_ = now;
    pingT_ = t;
  }
}

void SessionCore::reassure() {
  if (phase_ == Phase::Up && !ping_) {
    ping_ = write(Ping{kUnasked});
  }
}

void SessionCore::tick(Time now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const auto at = calls_.find(deadlines_.begin()->second);
    if (at->second.wireId != 0 && phase_ == Phase::Up) {
      post(write(Cancel{at->second.wireId}));
    }
    endRequest(at, SessionError{.code = "timeout", .message = "no reply within the timeout", .temporary = true});
  }
  if (leaveAt_ && now >= *leaveAt_) {
    leaveAt_.reset();
    report(LeaveNow{std::exchange(leaveTo_, std::nullopt)});
  }
  waited_ = waitingSince_ && now - *waitingSince_ >= settings_.batchDelay;
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
  if (phase_ == Phase::Down || failed_ || room == 0 || waitsForMore(now)) {
    return {};
  }
  waitingSince_.reset();
  const std::size_t limit =
      phase_ == Phase::Up ? static_cast<std::size_t>(std::min<std::uint64_t>(maxMessage_, kBatchBytes)) : kBatchBytes;
  Framer framer(limit);
  std::size_t bytes = 0;
  if (ping_) {
    framer.add(*ping_, std::nullopt);
    ping_.reset();
  }
  for (; !heads_.empty() && bytes < room; heads_.pop_front()) {
    framer.add(heads_.front(), std::nullopt);
    bytes += heads_.front().size();
  }
  while (phase_ == Phase::Up && heads_.empty() && bytes < room) {
    const auto at = nextCall();
    if (at == calls_.end() || !withinWindow(at->second)) {
      break;
    }
    bytes += add(framer, now, at);
  }
  return framer.take();
}

std::optional<Time> SessionCore::deadline() const {
  std::optional<Time> next = leaveAt_;
  const auto consider = [&next](Time time) { next = next ? std::min(*next, time) : time; };
  if (!deadlines_.empty()) {
    consider(deadlines_.begin()->first);
  }
  if (waitingSince_ && !waited_) {
    consider(*waitingSince_ + settings_.batchDelay);
  }
  return next;
}

bool SessionCore::hasToSend() const noexcept {
  return ping_ || !heads_.empty() || !again_.empty() || calls_.lower_bound(unsentFrom_) != calls_.end();
}

bool SessionCore::isSettled() const noexcept {
  // Requests are not waited for: a reply serves nobody once the session closes.
  return !hasToSend() && openPublishes_.empty();
}

// Sending.

void SessionCore::post(std::string head) {
  heads_.push_back(std::move(head));
}

void SessionCore::sendSubscribe(const std::string& name, Channel& channel) {
  channel.wireId = ++lastWireId_;
  channel.answered = false;
  subscribing_.emplace(channel.wireId, name);
  const std::optional<Position>& since = channel.progress.position();
  post(write(Subscribe{.id = channel.wireId,
                       .channel = name,
                       .since = since,
                       .last = since ? 0 : channel.replay,
                       .conflate = channel.progress.conflates()}));
}

/// On this connection, if it has been subscribed to there.
void SessionCore::subscribeAnew(const std::string& name, Channel& channel) {
  if (channel.wireId != 0) {
    subscribing_.erase(channel.wireId);
    if (channel.answered) {
      report(SubscriptionInterrupted{channel.subscribers});
    }
    channel.progress.interrupted();
    post(write(Unsubscribe{.id = ++lastWireId_, .channel = name}));
    sendSubscribe(name, channel);
  }
}

/// The call whose turn it is, in the order of the calls: what is in doubt is older than what was never sent.
SessionCore::Calls::iterator SessionCore::nextCall() {
  while (!again_.empty()) {
    const auto at = calls_.find(again_.front());
    if (at != calls_.end()) {
      return at;
    }
    again_.pop_front();
  }
  return calls_.lower_bound(unsentFrom_);
}

/// A server remembers so many publishes. One more, and it might forget an older one that is still in doubt.
bool SessionCore::withinWindow(const Pending& pending) const {
  const bool counts = pending.call.kind == Call::Kind::Publish && pending.call.ack && pending.publishNumber == 0;
  return !counts || openPublishes_.empty() || publishNumber_ + 1 - *openPublishes_.begin() < window_;
}

/// Returns what it takes.
std::size_t SessionCore::add(Framer& framer, Time now, Calls::iterator at) {
  Pending& pending = at->second;
  const bool again = !again_.empty() && again_.front() == at->first;
  if (again) {
    again_.pop_front();
  } else {
    unsentFrom_ = at->first + 1;
    unsentBytes_ -= pending.call.body.size();
  }
  const std::string head = headFor(pending);
  if (!fits(head, asBytes(pending.call.body), maxMessage_)) {
    // A server that took more before may have taken it.
    endUnanswered(at, tooLarge(), again ? tidewire::Ack::Outcome::Unknown : tidewire::Ack::Outcome::Refused);
    return 0;
  }
  framer.add(head, asBytes(pending.call.body));
  if (pending.firstSentAt == Time()) {
    pending.firstSentAt = now;
  }
  const std::size_t bytes = head.size() + 1 + pending.call.body.size();
  if (pending.call.kind == Call::Kind::Publish && !pending.call.ack) {
    endPublish(at, {});
  }
  return bytes;
}

/// Numbers are given at the first time, so that they rise in the order in which they are used.
std::string SessionCore::headFor(Pending& pending) {
  const Call& call = pending.call;
  const bool wantsId = call.kind == Call::Kind::Request || call.ack;
  if (wantsId && pending.wireId == 0) {
    pending.wireId = ++lastWireId_;
    byWireId_.emplace(pending.wireId, call.id);
    if (call.kind == Call::Kind::Publish) {
      pending.publishNumber = ++publishNumber_;
      openPublishes_.insert(pending.publishNumber);
    }
  }
  if (call.kind == Call::Kind::Request) {
    return write(protocol::Request{.id = pending.wireId, .method = call.target, .type = call.type});
  }
  return write(
      Publish{.id = wantsId ? std::optional(pending.wireId) : std::nullopt, .channel = call.target, .type = call.type});
}

/// Whether what waits still waits for others that could join it.
bool SessionCore::waitsForMore(Time now) {
  const bool urgent = ping_ || phase_ == Phase::Greeting || !again_.empty() || unsentBytes_ >= kBatchBytes;
  if (settings_.batchDelay == Duration::zero() || urgent) {
    return false;
  }
  if (heads_.empty() && calls_.lower_bound(unsentFrom_) == calls_.end()) {
    return false;
  }
  if (!waitingSince_) {
    waitingSince_ = now;
    waited_ = false;
  }
  return now - *waitingSince_ < settings_.batchDelay;
}

// Receiving.

void SessionCore::handle(Time now, Welcome& head, const ServerMessage& /*message*/) {
  if (phase_ == Phase::Up) {
    fail("a second welcome");
    return;
  }
  phase_ = Phase::Up;
  refusal_.reset();
  head.heartbeat = std::min(head.heartbeat, kLongestTime);
  if (head.dedup) {
    head.dedup->age = std::min(head.dedup->age, kLongestTime);
  }
  maxMessage_ = head.maxMessage;
  const bool remembers = head.dedup && head.dedup->count > 0;
  window_ = remembers ? head.dedup->count : kUsualWindow;
  bestTrip_ = Duration::max();
  setClock(helloAt_, now, head.now);
  head.resumed = head.resumed && memory_ && head.memory == memory_;
  memory_ = std::move(head.memory);
  report(Welcomed{head.resumed, head.heartbeat});
  settleDoubts(now, head);
}

/// What was sent on an earlier connection and not answered: docs/protocol.md, section 6.
void SessionCore::settleDoubts(Time now, const Welcome& head) {
  for (auto at = calls_.begin(); at != calls_.end() && at->first < unsentFrom_;) {
    Pending& pending = at->second;
    const bool remembered = head.resumed && head.dedup && now - pending.firstSentAt < head.dedup->age;
    pending.inDoubt = pending.inDoubt || !remembered;
    if (pending.call.kind == Call::Kind::Request || remembered || pending.call.resend) {
      again_.push_back(at->first);
      ++at;
    } else {
      at = endPublish(at, {.outcome = tidewire::Ack::Outcome::Unknown, .error = connectionLost()});
    }
  }
}

void SessionCore::handle(Time /*now*/, Subscribed& head, const ServerMessage& /*message*/) {
  const auto waiting = subscribing_.find(head.id);
  if (waiting == subscribing_.end()) {
    return;
  }
  Channel& channel = channels_.find(waiting->second)->second;
  subscribing_.erase(waiting);
  channel.answered = true;
  if (std::optional<Loss> loss = channel.progress.subscribed(head)) {
    report(GapFound{channel.subscribers, std::move(*loss)});
  }
  report(SubscriptionAnswered{channel.subscribers, *channel.progress.position()});
}

void SessionCore::handle(Time /*now*/, EventHead& head, const ServerMessage& message) {
  const auto found = channels_.find(head.channel);
  if (found == channels_.end()) {
    return;
  }
  Channel& channel = found->second;
  switch (channel.progress.event(head.seq, head.skipped)) {
    case ChannelProgress::Verdict::Deliver:
      report(EventArrived{.channel = found->first,
                          .to = channel.subscribers,
                          .seq = head.seq,
                          .ts = head.ts,
                          .skipped = head.skipped,
                          .type = head.type,
                          .body = message.body});
      break;
    case ChannelProgress::Verdict::Drop:
      break;
    case ChannelProgress::Verdict::Hole:
      subscribeAnew(found->first, channel);
      break;
  }
}

void SessionCore::handle(Time /*now*/, Unsubscribed& head, const ServerMessage& /*message*/) {
  const auto found = channels_.find(head.channel);
  // With an id it answers us. Before `subscribed` it is about the subscription before this one.
  if (!head.id && found != channels_.end() && found->second.answered) {
    endSubscription(found, {head.code.value_or("internal"), std::move(head.message), head.temporary});
  }
}

void SessionCore::handle(Time /*now*/, protocol::Ack& head, const ServerMessage& /*message*/) {
  authenticating_.erase(head.id);
  if (const auto at = findCall(head.id, Call::Kind::Publish); at != calls_.end()) {
    endPublish(at, {.outcome = tidewire::Ack::Outcome::Published, .seq = head.seq});
  }
}

void SessionCore::handle(Time /*now*/, protocol::Reply& head, const ServerMessage& message) {
  if (const auto at = findCall(head.id, Call::Kind::Request); at != calls_.end()) {
    endRequest(at, std::nullopt, head.type, message.body);
  }
}

void SessionCore::handle(Time now, Pong& head, const ServerMessage& /*message*/) {
  if (head.t == kUnasked) {
    return;  // It may have lain unread for long.
  }
  if (head.t == pingT_) {
    setClock(pingAt_, now, head.now);
  }
  report(PongArrived{head.t});
}

void SessionCore::handle(Time now, GoAway& head, const ServerMessage& /*message*/) {
  if (!leaveAt_) {
    leaveAt_ = now + std::min(head.after, kLongestTime) + random_.upTo(std::min(head.spread, kLongestTime));
    leaveTo_ = std::move(head.url);
  }
}

void SessionCore::handle(Time /*now*/, ErrorHead& head, const ServerMessage& /*message*/) {
  SessionError error{std::move(head.code), std::move(head.message), head.temporary};
  if (!head.id) {
    if (phase_ == Phase::Greeting || refusesToken(error)) {
      refusal_ = error;
    }
    report(ErrorArrived{std::move(error)});
    return;
  }
  if (const auto waiting = subscribing_.find(*head.id); waiting != subscribing_.end()) {
    const auto channel = channels_.find(waiting->second);
    subscribing_.erase(waiting);
    endSubscription(channel, std::move(error));
  } else if (authenticating_.erase(*head.id) > 0) {
    report(ErrorArrived{std::move(error)});
  } else if (const auto found = byWireId_.find(*head.id); found != byWireId_.end()) {
    const auto at = calls_.find(found->second);
    const bool known = error.code != "internal" && !at->second.inDoubt;
    endUnanswered(at, std::move(error), known ? tidewire::Ack::Outcome::Refused : tidewire::Ack::Outcome::Unknown);
  }
}

void SessionCore::handle(Time /*now*/, UnknownOp& /*head*/, const ServerMessage& /*message*/) {}

void SessionCore::handle(Time /*now*/, Malformed& head, const ServerMessage& /*message*/) {
  fail(std::move(head.why));
}

void SessionCore::fail(std::string why) {
  failed_ = true;
  waitingSince_.reset();
  leaveAt_.reset();
  report(PeerFailed{std::move(why)});
}

void SessionCore::endSubscription(Channels::iterator at, SessionError error) {
  report(SubscriptionEnded{std::move(at->second.subscribers), std::move(error)});
  channels_.erase(at);
}

/// The quickest round trips tell best where the server's clock stands. What is known is trusted less and less, since
/// clocks drift.
void SessionCore::setClock(Time from, Time to, std::uint64_t serverNow) {
  const Duration trip = to - from;
  if (bestTrip_ != Duration::max() && trip > bestTrip_ + bestTrip_ / 8) {
    bestTrip_ += bestTrip_ / 8;
    return;
  }
  bestTrip_ = trip;
  const Duration server = std::min(std::chrono::milliseconds(serverNow), kLatestTime);
  serverOffset_ = server - (from + trip / 2).time_since_epoch();
}

// Ending.

SessionCore::Calls::iterator SessionCore::findCall(std::uint64_t wireId, Call::Kind kind) {
  const auto found = byWireId_.find(wireId);
  const auto at = found == byWireId_.end() ? calls_.end() : calls_.find(found->second);
  return at != calls_.end() && at->second.call.kind == kind ? at : calls_.end();
}

SessionCore::Calls::iterator SessionCore::endPublish(Calls::iterator at, tidewire::Ack ack) {
  report(PublishEnded{at->first, at->second.call.ack, std::move(ack)});
  return forget(at);
}

SessionCore::Calls::iterator SessionCore::endRequest(Calls::iterator at, std::optional<SessionError> error,
                                                     BodyType type, std::optional<ArrivedBody> body) {
  report(RequestEnded{at->first, std::move(error), type, body});
  return forget(at);
}

SessionCore::Calls::iterator SessionCore::endUnanswered(Calls::iterator at, SessionError error,
                                                        tidewire::Ack::Outcome outcome) {
  if (at->second.call.kind == Call::Kind::Request) {
    return endRequest(at, std::move(error));
  }
  return endPublish(at, {.outcome = outcome, .error = std::move(error)});
}

SessionCore::Calls::iterator SessionCore::forget(Calls::iterator at) {
  const Pending& pending = at->second;
  if (at->first >= unsentFrom_) {
    unsentBytes_ -= pending.call.body.size();
  }
  if (pending.deadline) {
    deadlines_.erase({*pending.deadline, at->first});
  }
  byWireId_.erase(pending.wireId);
  openPublishes_.erase(pending.publishNumber);
  return calls_.erase(at);
}

}  // namespace tidewire::core::protocol
