#include "session_books.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/utf8.hpp"

namespace tidewire::core::protocol {
namespace {

constexpr std::size_t kBatchBytes = 65'536;
constexpr std::uint64_t kUsualWindow = 1024;

std::string_view asText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Calls carry their number in front of their body.
CallId callOf(const Part& part) {
  return part.body ? std::strtoull(std::string(asText(*part.body)).c_str(), nullptr, 10) : 0;
}

std::uint64_t answeredId(const ServerHead& head) {
  return std::visit(
      [](const auto& alternative) -> std::uint64_t {
        using Head = std::decay_t<decltype(alternative)>;
        if constexpr (std::is_same_v<Head, Subscribed> || std::is_same_v<Head, Ack> || std::is_same_v<Head, Reply>) {
          return alternative.id;
        } else if constexpr (std::is_same_v<Head, ErrorHead>) {
          return alternative.id.value_or(0);
        } else {
          return 0;
        }
      },
      head);
}

}  // namespace

void require(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
  }
}

struct SessionBooks::Sent {
  std::string op;
  nlohmann::json head;
  Part part;

  [[nodiscard]] std::uint64_t id() const { return head.value("id", std::uint64_t{0}); }
  [[nodiscard]] std::string channel() const { return head.value("channel", std::string()); }
};

// What goes into the core.

void SessionBooks::subscribes(SubscriberId id, std::string channel, bool conflate, std::optional<Position> since) {
  subscribers_.emplace(id, Subscriber{.channel = std::move(channel), .conflates = conflate, .at = std::move(since)});
}

void SessionBooks::unsubscribes(SubscriberId id) {
  subscribers_.erase(id);
}

void SessionBooks::calls(const Call& call) {
  calls_.emplace(call.id, BookedCall{.call = call});
}

void SessionBooks::opens() {
  phase_ = Phase::Greeting;
  ++connection_;
  welcome_.reset();
  greeted_ = false;
  forged_ = false;
  lastCall_ = 0;
  ids_.clear();
  subscribed_.clear();
}

void SessionBooks::ends() {
  phase_ = Phase::Down;
}

void SessionBooks::receives(Time now, const ServerHead& head) {
  require(phase_ == Phase::Greeting || phase_ == Phase::Up, "nothing is read while down, or after a failure");
  head_ = head;
  headAt_ = now;
  forged_ = forged_ || answeredId(head_) > lastId_;
  noteSubscriptions(head);
}

/// What the server ends for the moment only is subscribed to again later.
void SessionBooks::noteSubscriptions(const ServerHead& head) {
  for (auto at = subscribed_.begin(); at != subscribed_.end();) {
    OnWire& onWire = at->second;
    bool over = false;
    if (const auto* subscribed = std::get_if<Subscribed>(&head); subscribed != nullptr && phase_ == Phase::Up) {
      onWire.answered = onWire.answered || subscribed->id == onWire.id;
    } else if (const auto* error = std::get_if<ErrorHead>(&head)) {
      over = error->id == onWire.id && !onWire.answered && error->temporary && error->code != "already-subscribed";
    } else if (const auto* ended = std::get_if<Unsubscribed>(&head); ended != nullptr && phase_ == Phase::Up) {
      over = !ended->id && ended->channel == at->first && onWire.answered && ended->temporary;
    }
    at = over ? subscribed_.erase(at) : std::next(at);
  }
}

// What comes out of it: actions.

SessionBooks::Subscriber& SessionBooks::subscriber(SubscriberId id) {
  const auto found = subscribers_.find(id);
  require(found != subscribers_.end(), "a subscriber that has ended is told nothing");
  return found->second;
}

SessionBooks::BookedCall& SessionBooks::openCall(CallId id, Call::Kind kind) {
  const auto found = calls_.find(id);
  require(found != calls_.end(), "a call ends once");
  require(found->second.call.kind == kind, "a call ends as what it is");
  return found->second;
}

void SessionBooks::tells(SessionAction& action) {
  std::visit([this](auto& alternative) { tell(alternative); }, action);
}

void SessionBooks::tell(const Welcomed& action) {
  require(phase_ == Phase::Greeting, "there is one welcome for each connection");
  require(std::holds_alternative<Welcome>(head_), "a welcome is what the server said");
  require(action.heartbeat == Duration::zero() || action.heartbeat >= std::chrono::seconds(1),
          "the heartbeat's interval is a second at least");
  phase_ = Phase::Up;
  welcome_ = std::get<Welcome>(head_);
  welcomedAt_ = headAt_;
  resumed_ = action.resumed;
}

void SessionBooks::tell(const PongArrived& /*action*/) const {
  require(phase_ == Phase::Up, "pongs come after welcome");
}

void SessionBooks::tell(const PeerFailed& action) {
  require(phase_ == Phase::Greeting || phase_ == Phase::Up, "a connection fails once");
  require(!action.why.empty(), "a failure says why");
  phase_ = Phase::Failed;
}

void SessionBooks::tell(const LeaveNow& /*action*/) const {
  require(phase_ == Phase::Up, "what is left is a connection in use");
}

void SessionBooks::tell(const EventArrived& action) {
  require(phase_ == Phase::Up, "events come after welcome");
  require(action.type != BodyType::Text || !action.body || isValidUtf8(action.body->bytes), "text is UTF-8");
  for (const auto& [id, each] : subscribers_) {
    const bool goesTo = std::find(action.to.begin(), action.to.end(), id) != action.to.end();
    const bool hasIt = each.at && each.at->seq >= action.event.seq;
    // Latest-only ones that skip another number are told by themselves.
    require(each.channel != action.event.channel || each.conflates || goesTo || hasIt,
            "an event goes to all who lack it");
  }
  for (const SubscriberId id : action.to) {
    Subscriber& to = subscriber(id);
    if (const std::optional<Loss> gap = std::exchange(to.gap, std::nullopt)) {
      require(gap->range && gap->range->to + 1 == action.event.seq, "a gap ends where events go on");
      to.at->seq = gap->range->to;
    }
    require(to.channel == action.event.channel, "an event goes to its channel");
    require(to.live && to.at, "an event comes after the answer to its subscription");
    require(action.event.seq == to.at->seq + 1 + action.event.skipped,
            "no event is lost silently, and none comes twice");
    require(action.event.skipped == 0 || to.conflates, "events are left out where that was asked for");
    to.at->seq = action.event.seq;
  }
}

void SessionBooks::tell(const GapFound& action) {
  require(!action.to.empty(), "a gap concerns somebody");
  for (const SubscriberId id : action.to) {
    Subscriber& to = subscriber(id);
    require(!to.gap, "a gap is told once");
    to.gap = action.loss;
    if (action.loss.range) {
      require(action.loss.range->from <= action.loss.range->to, "a gap's range is not empty");
      require(!to.at || to.at->seq + 1 == action.loss.range->from, "a gap begins behind the last event");
    }
  }
}

void SessionBooks::tell(const SubscriptionAnswered& action) {
  for (const SubscriberId id : action.to) {
    Subscriber& to = subscriber(id);
    const std::optional<Loss> gap = std::exchange(to.gap, std::nullopt);
    const std::optional<Position> before = std::exchange(to.at, action.position);
    to.live = true;
    if (!before) {
      continue;
    }
    require(gap || before->seq == action.position.seq, "no position changes without a gap");
    require((gap && !gap->range) || before->epoch == action.position.epoch, "no epoch changes without a gap");
    require(!gap || !gap->range || gap->range->to == action.position.seq, "a gap ends where events go on");
  }
}

void SessionBooks::tell(const SubscriptionEnded& action) {
  require(!action.to.empty(), "an end concerns somebody");
  require(!action.error.code.empty(), "an end says why");
  for (const SubscriberId id : action.to) {
    if (const auto at = subscribed_.find(subscriber(id).channel); at != subscribed_.end()) {
      subscribed_.erase(at);
    }
    subscribers_.erase(id);
  }
}

void SessionBooks::tell(const SubscriptionInterrupted& action) {
  for (const SubscriberId id : action.to) {
    subscriber(id).live = false;
  }
}

void SessionBooks::tell(const PublishEnded& action) {
  using Outcome = tidewire::Ack::Outcome;
  const BookedCall& booked = openCall(action.call, Call::Kind::Publish);
  const bool sent = booked.sentOn != 0;
  require(action.tell == booked.call.ack, "who asked for the fate of a publish is told, and nobody else");
  require(sent || action.ack.outcome == Outcome::NotSent || action.ack.outcome == Outcome::Refused,
          "what was not sent is neither published nor in doubt");
  require(!sent || action.ack.outcome != Outcome::NotSent, "what was sent is not called unsent");
  require(!sent || action.ack.outcome != Outcome::Refused || std::holds_alternative<ErrorHead>(head_),
          "what was sent is refused by the server only");
  calls_.erase(action.call);
}

void SessionBooks::tell(const RequestEnded& action) {
  openCall(action.call, Call::Kind::Request);
  require(!action.error || !action.body, "an error has no body");
  require(action.type != BodyType::Text || !action.body || isValidUtf8(action.body->bytes), "text is UTF-8");
  calls_.erase(action.call);
}

void SessionBooks::tell(const ErrorArrived& action) const {
  require(phase_ == Phase::Greeting || phase_ == Phase::Up, "errors come from a connection");
  require(!action.error.code.empty(), "an error has a code");
}

// What comes out of it: messages.

void SessionBooks::sends(Time now, const Framer::Batch& batch) {
  require(phase_ == Phase::Greeting || phase_ == Phase::Up, "nothing is sent while down, or after a failure");
  Unframer unframer(batch.kind, std::as_bytes(std::span(batch.payload)));
  std::size_t parts = 0;
  while (const std::optional<Part> part = unframer.next()) {
    ++parts;
    Sent sent{.op = {}, .head = nlohmann::json::parse(asText(part->head), nullptr, false), .part = *part};
    require(sent.head.is_object(), "a head is an object");
    sent.op = sent.head.value("op", "");
    send(now, sent);
    const bool isCall = sent.op == "publish" || sent.op == "request";
    require(!isCall || batch.payload.size() <= welcome_->maxMessage, "no call is larger than the server takes");
  }
  require(!unframer.malformed() && parts > 0, "what is sent is well framed");
  const std::uint64_t limit = welcome_ ? std::min<std::uint64_t>(welcome_->maxMessage, kBatchBytes) : kBatchBytes;
  require(parts == 1 || batch.payload.size() <= limit, "what is joined stays within the bounds");
}

void SessionBooks::send(Time now, const Sent& sent) {
  const std::string& op = sent.op;
  require((op == "hello") == !greeted_, "hello comes first, and once");
  greeted_ = true;
  if (op == "hello") {
    return;
  }
  require(op == "subscribe" || op == "unsubscribe" || op == "auth" || phase_ == Phase::Up,
          "only channels are asked for ahead, and a token given");
  if (op == "publish" || op == "request") {
    sendCall(now, sent);
  } else if (op == "subscribe") {
    useId(sent);
    require(subscribed_.emplace(sent.channel(), OnWire{sent.id()}).second || forged_,
            "a channel is subscribed to once");
    for (const auto& [id, subscriber] : subscribers_) {
      require(forged_ || !subscriber.live || subscriber.channel != sent.channel(), "no event comes until the answer");
    }
  } else if (op == "unsubscribe") {
    useId(sent);
    require(subscribed_.erase(sent.channel()) == 1 || forged_, "what is unsubscribed from was subscribed to");
  } else if (op == "auth") {
    useId(sent);
  } else if (op == "cancel") {
    require(sent.id() > 0 && sent.id() <= lastId_, "what is cancelled was sent");
  } else {
    require(op == "ping", "an operation is one that clients have");
  }
}

void SessionBooks::useId(const Sent& sent) {
  require(sent.id() > lastId_, "numbers rise");
  lastId_ = sent.id();
  ids_[sent.op].push_back(lastId_);
}

void SessionBooks::sendCall(Time now, const Sent& sent) {
  const CallId id = callOf(sent.part);
  const bool isRequest = sent.op == "request";
  BookedCall& booked = openCall(id, isRequest ? Call::Kind::Request : Call::Kind::Publish);
  require(booked.call.body == asText(*sent.part.body), "a call carries its body");
  require(sent.head.value(isRequest ? "method" : "channel", "") == booked.call.target, "a call goes where it should");
  require(id > lastCall_, "calls leave in their order");
  lastCall_ = id;
  if (booked.sentOn != 0) {
    require(booked.wireId != 0 && sent.id() == booked.wireId, "what is sent again keeps its number");
    sendAgain(booked);
    ids_[sent.op].push_back(booked.wireId);
  } else if (isRequest || booked.call.ack) {
    useId(sent);
    booked.wireId = sent.id();
    booked.firstSentAt = now;
  } else {
    require(!sent.head.contains("id"), "who wants no answer gives no number");
  }
  const bool first = std::exchange(booked.sentOn, connection_) == 0;
  const std::uint64_t window = welcome_->dedup && welcome_->dedup->count > 0 ? welcome_->dedup->count : kUsualWindow;
  require(!first || isRequest || !booked.call.ack || publishesOnTheirWay() <= window,
          "no more publishes are on their way than the server remembers");
  require(callsHere(Call::Kind::Publish) <= window, "no more publishes are sent again than the server remembers");
  require(callsHere(Call::Kind::Request) <= welcome_->requests, "no more requests wait than the server allows");
}

void SessionBooks::sendAgain(const BookedCall& booked) const {
  require(booked.sentOn != connection_, "nothing is sent twice on one connection");
  if (booked.call.kind == Call::Kind::Request) {
    require(booked.call.idempotent, "only idempotent requests are sent again");
    return;
  }
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(welcomedAt_ - booked.firstSentAt);
  const bool remembered = resumed_ && welcome_->dedup && age < welcome_->dedup->age;
  require(booked.call.ack && (booked.call.resend || remembered), "nothing is published again in doubt");
}

std::size_t SessionBooks::publishesOnTheirWay() const {
  return static_cast<std::size_t>(std::count_if(
      calls_.begin(), calls_.end(), [](const auto& each) { return each.second.call.ack && each.second.sentOn != 0; }));
}

std::size_t SessionBooks::callsHere(Call::Kind kind) const {
  return static_cast<std::size_t>(std::count_if(calls_.begin(), calls_.end(), [&](const auto& each) {
    return each.second.call.kind == kind && each.second.wireId != 0 && each.second.sentOn == connection_;
  }));
}

// What holds between inputs.

void SessionBooks::checkTold() const {
  for (const auto& [id, subscriber] : subscribers_) {
    require(!subscriber.gap, "behind a gap comes where events go on");
  }
}

void SessionBooks::checkSent(const Sending& sending) const {
  if (phase_ != Phase::Greeting && phase_ != Phase::Up) {
    return;
  }
  if (!forged_) {
    for (const auto& [id, subscriber] : subscribers_) {
      require(subscribed_.count(subscriber.channel) == 1 || sending.waits, "what somebody waits for is subscribed to");
    }
    for (const auto& [channel, id] : subscribed_) {
      require(std::any_of(subscribers_.begin(), subscribers_.end(),
                          [name = &channel](const auto& each) { return each.second.channel == *name; }),
              "what nobody waits for is not subscribed to");
    }
  }
  const auto isSent = [this](const auto& each) { return each.second.sentOn == connection_; };
  if (phase_ == Phase::Up) {
    const bool all = std::all_of(calls_.begin(), calls_.end(), isSent);
    require(all || publishesOnTheirWay() > 0 || callsHere(Call::Kind::Request) > 0,
            "calls are not held back for nothing");
    const bool due = !all || publishesOnTheirWay() > 0;
    require(!sending.settled || !due, "a session is not settled while something is due");
    require(sending.settled || due || sending.delays, "a session is settled when nothing is due");
  }
}

void SessionBooks::checkEnded(bool forGood) const {
  for (const auto& [id, booked] : calls_) {
    require(!forGood, "every call ends with the session");
    require(booked.sentOn == 0 || booked.call.kind == Call::Kind::Publish || booked.call.idempotent,
            "a request ends with its connection");
  }
  for (const auto& [id, subscriber] : subscribers_) {
    require(!subscriber.live, "no subscription is live without a connection");
  }
}

std::span<const std::uint64_t> SessionBooks::idsOf(const std::string& op) {
  return ids_[op];
}

std::uint64_t SessionBooks::seqIn(std::string_view channel) const {
  for (const auto& [id, subscriber] : subscribers_) {
    if (subscriber.channel == channel && subscriber.at) {
      return subscriber.at->seq;
    }
  }
  return 0;
}

}  // namespace tidewire::core::protocol
