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
// What a client does no more often, whatever a server says: docs/protocol.md, section 8.1.
constexpr std::chrono::milliseconds kLeastHeartbeat = std::chrono::seconds(1);
constexpr Duration kLeastStay = std::chrono::seconds(5);
// So many may wait for their answers after the server has called this client slow.
constexpr std::uint64_t kFirstPublishes = 16;
constexpr std::uint64_t kFirstRequests = 8;
// A message that is larger than this was sent alone: it is what a server may have found too large.
constexpr std::size_t kAlwaysTaken = kBatchBytes;
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

EventArrived eventFor(std::string_view channel, std::span<const SubscriberId> to, const EventHead& head,
                      std::uint64_t skipped, const ServerMessage& message) {
  return {.channel = channel,
          .to = to,
          .seq = head.seq,
          .ts = head.ts,
          .skipped = skipped,
          .type = head.type,
          .body = message.body};
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
  // One that wants everything makes it so for all; the others have the rest left out where they are served.
  const bool widens = !conflate && channel.progress.conflates();
  if (widens) {
    channel.progress.becomeReliable();
  }
  channel.subscribers.push_back(id);
  const bool reaches = since ? reachBack(channel, id, *since, widens) : joinFront(channel, id);
  if (widens || reaches) {
    subscribeAnew(found->first, channel);
  } else if (channel.answered) {
    report(SubscriptionAnswered{{id}, standing(channel, id)});
  }
}

void SessionCore::unsubscribe(SubscriberId id, std::string_view name) {
  const auto found = channels_.find(name);
  if (found == channels_.end() || std::erase(found->second.subscribers, id) == 0) {
    return;
  }
  found->second.apart.erase(id);
  if (found->second.subscribers.empty()) {
    dropSubscribe(found->first, found->second);
    forgetRetry(found->first, found->second);
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
  post(write(Hello{.session = settings_.key,
                   .attempt = ++attempt_,
                   .memory = memory_,
                   .token = std::move(token),
                   .maxMessage = std::clamp(settings_.maxMessage, kMinMaxMessage, kMaxInteger)}));
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
  retries_.clear();
  authenticating_.clear();
  ping_.reset();
  failed_ = false;
  leaveAt_.reset();
  waitingSince_.reset();
  again_.clear();
  for (auto& [name, channel] : channels_) {
    channel.progress.interrupted();
    channel.wireId = 0;
    channel.retryAt.reset();
    if (std::exchange(channel.answered, false)) {
      report(SubscriptionInterrupted{channel.subscribers});
    }
  }
  publishes_.flying = requests_.flying = 0;
  sentLarge_ = false;
  for (auto at = calls_.begin(); at != calls_.end();) {
    const bool sent = at->first < unsentFrom_;
    const Call& call = at->second.call;
    at->second.flyingBytes = 0;
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

void SessionCore::calledSlow() noexcept {
  slowInRow_ += slowInRow_ < 8 ? 1 : 0;
}

bool SessionCore::calledTooLarge() {
  bool ended = sentLarge_;
  for (auto at = calls_.begin(); at != calls_.end();) {
    const bool suspect = at->second.flyingBytes > kAlwaysTaken;
    ended = ended || suspect;
    at = suspect ? endUnanswered(at, tooLarge(), tidewire::Ack::Outcome::Unknown) : std::next(at);
  }
  return ended;
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
  while (!retries_.empty() && retries_.begin()->first <= now) {
    const auto at = channels_.find(retries_.begin()->second);
    forgetRetry(at->first, at->second);
    sendSubscribe(at->first, at->second);
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
  if (!retries_.empty()) {
    consider(retries_.begin()->first);
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

/// On this connection, if it is subscribed to there.
void SessionCore::dropSubscribe(const std::string& name, Channel& channel) {
  if (channel.wireId == 0) {
    return;
  }
  subscribing_.erase(channel.wireId);
  if (std::exchange(channel.answered, false) && !channel.subscribers.empty()) {
    report(SubscriptionInterrupted{channel.subscribers});
  }
  channel.progress.interrupted();
  channel.wireId = 0;
  post(write(Unsubscribe{.id = ++lastWireId_, .channel = name}));
}

/// What waits for its time goes on waiting.
void SessionCore::subscribeAnew(const std::string& name, Channel& channel) {
  if (channel.wireId != 0) {
    dropSubscribe(name, channel);
    sendSubscribe(name, channel);
  }
}

/// Requires: the channel is not subscribed to on this connection.
void SessionCore::subscribeAt(Time at, Time now, const std::string& name, Channel& channel) {
  if (at <= now) {
    sendSubscribe(name, channel);
  } else {
    channel.retryAt = at;
    retries_.emplace(at, name);
  }
}

void SessionCore::forgetRetry(const std::string& name, Channel& channel) {
  if (channel.retryAt) {
    retries_.erase({*std::exchange(channel.retryAt, std::nullopt), name});
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

/// So many calls may wait for their answers. A server remembers so many publishes; one more, and it might forget an
/// older one that is still in doubt.
bool SessionCore::withinWindow(const Pending& pending) const {
  if (pending.call.kind == Call::Kind::Request) {
    return requests_.flying < std::min(requests_.window, requests_.pace);
  }
  if (!pending.call.ack) {
    return true;
  }
  const bool fresh = pending.publishNumber == 0 && !openPublishes_.empty();
  const bool remembered = !fresh || publishNumber_ + 1 - *openPublishes_.begin() < publishes_.window;
  return remembered && publishes_.flying < std::min(publishes_.window, publishes_.pace);
}

/// Its answer is not waited for any more on this connection.
void SessionCore::land(Pending& pending) {
  if (std::exchange(pending.flyingBytes, 0) > 0) {
    --flightOf(pending).flying;
  }
}

void SessionCore::answered(Pending& pending) {
  Flight& flight = flightOf(pending);
  if (pending.flyingBytes > 0 && flight.pace < flight.window && ++flight.pace >= flight.window) {
    slowInRow_ = 0;
  }
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
  sentLarge_ = sentLarge_ || (pending.wireId == 0 && bytes > kAlwaysTaken);
  if (pending.wireId != 0) {
    pending.flyingBytes = bytes;
    ++flightOf(pending).flying;
  }
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
  }
  if (wantsId && call.kind == Call::Kind::Publish && pending.publishNumber == 0) {
    pending.publishNumber = ++publishNumber_;
    openPublishes_.insert(pending.publishNumber);
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
  const auto next = nextCall();
  if (heads_.empty() && (next == calls_.end() || !withinWindow(next->second))) {
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
  welcomedAt_ = now;
  refusal_.reset();
  if (head.heartbeat > std::chrono::milliseconds::zero()) {
    head.heartbeat = std::clamp(head.heartbeat, kLeastHeartbeat, kLongestTime);
  }
  setWindows(head);
  bestTrip_ = Duration::max();
  setClock(helloAt_, now, head.now);
  head.resumed = head.resumed && memory_ && head.memory == memory_;
  memory_ = std::move(head.memory);
  report(Welcomed{head.resumed, head.heartbeat});
  settleDoubts(now, head);
}

void SessionCore::setWindows(Welcome& head) {
  if (head.dedup && head.dedup->count == 0) {
    head.dedup.reset();
  }
  if (head.dedup) {
    head.dedup->age = std::min(head.dedup->age, kLongestTime);
  }
  maxMessage_ = head.maxMessage;
  publishes_.window = head.dedup ? head.dedup->count : kUsualWindow;
  requests_.window = head.requests;
  for (const auto& [flight, first] : {std::pair(&publishes_, kFirstPublishes), std::pair(&requests_, kFirstRequests)}) {
    flight->pace = slowInRow_ == 0 ? flight->window : std::max<std::uint64_t>(first >> (slowInRow_ - 1), 1);
  }
}

/// What was sent on an earlier connection and not answered: docs/protocol.md, section 6.
void SessionCore::settleDoubts(Time now, const Welcome& head) {
  // Where the server remembers fewer than before, nobody can tell which.
  const bool all = openPublishes_.empty() || publishNumber_ - *openPublishes_.begin() < publishes_.window;
  const bool resumed = head.resumed && head.dedup && all;
  for (auto at = calls_.begin(); at != calls_.end() && at->first < unsentFrom_;) {
    Pending& pending = at->second;
    const bool remembered = resumed && now - pending.firstSentAt < head.dedup->age;
    pending.inDoubt = pending.inDoubt || !remembered;
    if (!resumed) {
      openPublishes_.erase(std::exchange(pending.publishNumber, 0));  // It is a new one to this server.
    }
    if (pending.call.kind == Call::Kind::Request || remembered || pending.call.resend) {
      again_.push_back(at->first);
      ++at;
    } else {
      at = endPublish(at, {.outcome = tidewire::Ack::Outcome::Unknown, .error = connectionLost()});
    }
  }
}

void SessionCore::handle(Time now, Subscribed& head, const ServerMessage& /*message*/) {
  const auto waiting = subscribing_.find(head.id);
  if (waiting == subscribing_.end()) {
    return;
  }
  const auto found = channels_.find(waiting->second);
  Channel& channel = found->second;
  subscribing_.erase(waiting);
  const std::optional<Position> before = channel.progress.position();
  const std::optional<Loss> loss = channel.progress.subscribed(head);
  if (loss) {
    if (std::optional<Start> start = startOfOthers(channel, *before, head)) {
      channel.progress.moveTo(before);
      moveTo(channel, std::move(start->position));
      dropSubscribe(found->first, channel);
      subscribeAt(channel.repetition.soonest(now, random_), now, found->first, channel);
      return;
    }
  }
  channel.answered = true;
  place(channel, before, head, loss);
}

void SessionCore::handle(Time now, EventHead& head, const ServerMessage& message) {
  const auto found = channels_.find(head.channel);
  if (found == channels_.end()) {
    return;
  }
  Channel& channel = found->second;
  const std::uint64_t before = channel.progress.position() ? channel.progress.position()->seq : 0;
  switch (channel.progress.event(head.seq, head.skipped)) {
    case ChannelProgress::Verdict::Lost:
      channel.progress.passOver(head.seq);
      passOver(channel, before, head.seq - 1);
      handOut(found->first, channel, head.seq - 1, head, message);
      break;
    case ChannelProgress::Verdict::Deliver:
      handOut(found->first, channel, before, head, message);
      break;
    case ChannelProgress::Verdict::Drop:
      break;
    case ChannelProgress::Verdict::Hole:
      dropSubscribe(found->first, channel);
      subscribeAt(channel.repetition.soonest(now, random_), now, found->first, channel);
      break;
  }
}

void SessionCore::handle(Time now, Unsubscribed& head, const ServerMessage& /*message*/) {
  const auto found = channels_.find(head.channel);
  // With an id it answers us. Before `subscribed` it is about the subscription before this one.
  if (!head.id && found != channels_.end() && found->second.answered) {
    endSubscription(now, found, {head.code.value_or("internal"), std::move(head.message), head.temporary});
  }
}

void SessionCore::handle(Time /*now*/, protocol::Ack& head, const ServerMessage& /*message*/) {
  authenticating_.erase(head.id);
  if (const auto at = findCall(head.id, Call::Kind::Publish); at != calls_.end()) {
    answered(at->second);
    endPublish(at, {.outcome = tidewire::Ack::Outcome::Published, .seq = head.seq});
  }
}

void SessionCore::handle(Time /*now*/, protocol::Reply& head, const ServerMessage& message) {
  if (const auto at = findCall(head.id, Call::Kind::Request); at != calls_.end()) {
    answered(at->second);
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
    const Time first = std::max(now + std::min(head.after, kLongestTime), welcomedAt_ + kLeastStay);
    leaveAt_ = first + random_.upTo(std::min(head.spread, kLongestTime));
    leaveTo_ = std::move(head.url);
  }
}

void SessionCore::handle(Time now, ErrorHead& head, const ServerMessage& /*message*/) {
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
    endSubscription(now, channel, std::move(error));
  } else if (authenticating_.erase(*head.id) > 0) {
    report(ErrorArrived{std::move(error)});
  } else if (const auto found = byWireId_.find(*head.id); found != byWireId_.end()) {
    const auto at = calls_.find(found->second);
    answered(at->second);
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

/// What is temporary is tried again; nobody is told but that no events come.
void SessionCore::endSubscription(Time now, Channels::iterator at, SessionError error) {
  Channel& channel = at->second;
  const bool subscribedAlready = error.code == "already-subscribed";
  if (!error.temporary && !subscribedAlready) {
    report(SubscriptionEnded{std::move(channel.subscribers), std::move(error)});
    channels_.erase(at);
    return;
  }
  if (subscribedAlready) {
    dropSubscribe(at->first, channel);
  }
  channel.wireId = 0;
  channel.progress.interrupted();
  if (std::exchange(channel.answered, false)) {
    report(SubscriptionInterrupted{channel.subscribers});
  }
  subscribeAt(channel.repetition.later(now, random_), now, at->first, channel);
}

// Where subscribers stand.

/// Puts it beside the one that has most. Returns false: the server need not be asked.
bool SessionCore::joinFront(Channel& channel, SubscriberId id) {
  std::optional<Position> front = channel.progress.position();
  for (const auto& [other, at] : channel.apart) {
    if (front && at && at->epoch == front->epoch && at->seq > front->seq) {
      front = at;
    }
  }
  if (front && front->seq > channel.progress.position()->seq) {
    channel.apart.emplace(id, std::move(front));
  }
  return false;
}

/// One more on a channel that others are on gets each event behind `since` that is still to be had. `asks`: the server
/// will be asked anyway. Returns whether it has to be.
bool SessionCore::reachBack(Channel& channel, SubscriberId id, const Position& since, bool asks) {
  const std::optional<Position>& position = channel.progress.position();
  const bool known = position && since.epoch == position->epoch;
  if (known && since.seq == position->seq) {
    return false;
  }
  if (position && !known && channel.answered && !asks) {
    report(GapFound{{id}, Loss{}});
    return joinFront(channel, id);
  }
  channel.apart.emplace(id, since);
  if (!position || (known && since.seq < position->seq)) {
    moveTo(channel, since);
  }
  return true;  // Where it is ahead, the next answer shows whether the server has been there.
}

/// The subscribers stay where they are; what the channel asks for next is what comes behind `position`.
void SessionCore::moveTo(Channel& channel, std::optional<Position> position) {
  for (const SubscriberId id : channel.subscribers) {
    channel.apart.try_emplace(id, channel.progress.position());
  }
  std::erase_if(channel.apart, [&](const auto& each) {
    return each.second.has_value() == position.has_value() &&
           (!position || (each.second->epoch == position->epoch && each.second->seq == position->seq));
  });
  channel.progress.moveTo(std::move(position));
}

Position SessionCore::standing(const Channel& channel, SubscriberId id) {
  const auto at = channel.apart.find(id);
  return at == channel.apart.end() ? *channel.progress.position() : *at->second;
}

/// From where the others may go on if one of them asked for what is gone, so that only that one misses it. `before`:
/// what the channel asked for. Nothing: they stand there too, or where the server does.
std::optional<SessionCore::Start> SessionCore::startOfOthers(const Channel& channel, const Position& before,
                                                             const Subscribed& head) {
  std::optional<Position> next;
  bool newcomer = false;
  bool known = before.epoch == head.epoch && before.seq > head.seq;
  for (const auto& [id, at] : channel.apart) {
    newcomer = newcomer || !at;
    const bool isKnown = at && at->epoch == head.epoch;
    known = known || isKnown;
    const bool ahead = isKnown && at->seq < head.seq && (before.epoch != head.epoch || at->seq > before.seq);
    if (ahead && (!next || at->seq < next->seq)) {
      next = at;
    }
  }
  if (next) {
    return Start{next};
  }
  // The newest events might begin behind where somebody stands.
  return newcomer && channel.replay > 0 && !known ? std::optional(Start{}) : std::nullopt;
}

/// Tells each subscriber what it will never get, and where it stands now that the server has answered.
void SessionCore::place(Channel& channel, const std::optional<Position>& before, const Subscribed& head,
                        const std::optional<Loss>& loss) {
  const Position& position = *channel.progress.position();
  std::vector<SubscriberId> together;
  for (const SubscriberId id : channel.subscribers) {
    if (channel.apart.count(id) == 0) {
      together.push_back(id);
    }
  }
  if (!together.empty()) {
    if (loss) {
      report(GapFound{together, *loss});
    }
    report(SubscriptionAnswered{std::move(together), position});
  }
  for (auto at = channel.apart.begin(); at != channel.apart.end();) {
    placeApart(*at, channel, before, head);
    at = at->second->seq == position.seq ? channel.apart.erase(at) : std::next(at);
  }
}

void SessionCore::placeApart(std::pair<const SubscriberId, std::optional<Position>>& each, const Channel& channel,
                             const std::optional<Position>& before, const Subscribed& head) {
  const Position& position = *channel.progress.position();
  auto& [id, at] = each;
  if (!at) {
    // It wanted the newest, if any; the others had the channel begin before them.
    const std::uint64_t newest = head.seq - std::min(channel.replay, head.seq);
    at = Position{head.epoch, before ? std::max(position.seq, newest) : position.seq};
  } else if (at->epoch != head.epoch || at->seq > head.seq) {
    at = Position{head.epoch, std::max(position.seq, head.seq)};
    report(GapFound{{id}, Loss{}});
  } else if (at->seq < position.seq) {
    report(GapFound{{id}, Loss{Loss::Range{at->seq + 1, position.seq}}});
    at->seq = position.seq;
  }
  report(SubscriptionAnswered{{id}, *at});
}

/// What is missing behind `before`, up to `last`, is lost to whoever does not have it.
void SessionCore::passOver(Channel& channel, std::uint64_t before, std::uint64_t last) {
  std::map<std::uint64_t, std::vector<SubscriberId>> groups;
  for (const SubscriberId id : channel.subscribers) {
    const auto at = channel.apart.find(id);
    groups[at == channel.apart.end() ? before : (*at->second).seq].push_back(id);
  }
  for (auto& [seq, ids] : groups) {
    if (seq < last) {
      report(GapFound{std::move(ids), Loss{Loss::Range{seq + 1, last}}});
    }
  }
  std::erase_if(channel.apart, [last](const auto& each) { return each.second->seq <= last; });
}

/// To those who do not have it. `before`: where the channel stood.
void SessionCore::handOut(std::string_view name, Channel& channel, std::uint64_t before, const EventHead& head,
                          const ServerMessage& message) {
  if (channel.apart.empty()) {
    report(eventFor(name, channel.subscribers, head, head.seq - before - 1, message));
    return;
  }
  channel.groups.clear();
  for (const SubscriberId id : channel.subscribers) {
    const auto at = channel.apart.find(id);
    const std::uint64_t stands = at == channel.apart.end() ? before : at->second->seq;
    if (stands < head.seq) {
      channel.groups[head.seq - stands - 1].push_back(id);
    }
  }
  for (const auto& [skipped, ids] : channel.groups) {
    report(eventFor(name, ids, head, skipped, message));
  }
  std::erase_if(channel.apart, [&head](const auto& each) { return each.second->seq <= head.seq; });
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
  Pending& pending = at->second;
  if (at->first >= unsentFrom_) {
    unsentBytes_ -= pending.call.body.size();
  }
  if (pending.deadline) {
    deadlines_.erase({*pending.deadline, at->first});
  }
  land(pending);
  byWireId_.erase(pending.wireId);
  openPublishes_.erase(pending.publishNumber);
  return calls_.erase(at);
}

}  // namespace tidewire::core::protocol
