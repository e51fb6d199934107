#include "support/session_model.hpp"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/utf8.hpp"

namespace tidewire::core::protocol {
namespace {

constexpr std::size_t kLargestBatchBytes = 65'536;
constexpr std::uint64_t kUsualWindow = 1024;

std::string_view asText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The body of a call begins with its number, perhaps behind a letter.
CallId callOf(const Part& part) {
  const std::string body(part.body ? asText(*part.body) : std::string_view());
  const std::size_t number = body.find_first_of("0123456789");
  return number == std::string::npos ? 0 : std::strtoull(body.c_str() + number, nullptr, 10);
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

void require(bool holds, const char* rule) {
  if (!holds) {
    throw Violation{rule};
  }
}

struct SessionModel::Sent {
  std::string op;
  nlohmann::json head;
  Part part;

  [[nodiscard]] std::uint64_t id() const { return head.value("id", std::uint64_t{0}); }
  [[nodiscard]] std::string channel() const { return head.value("channel", std::string()); }
};

// What goes into the core.

void SessionModel::subscribe(SubscriberId id, std::string channel, bool conflate, std::optional<Position> since) {
  subscribers_.emplace(id, Subscriber{.channel = std::move(channel), .conflates = conflate, .at = std::move(since)});
}

void SessionModel::unsubscribe(SubscriberId id) {
  subscribers_.erase(id);
}

void SessionModel::call(const Call& call) {
  calls_.emplace(call.id, OpenCall{.call = call});
}

void SessionModel::open() {
  phase_ = Phase::Greeting;
  ++connection_;
  welcome_.reset();
  greeted_ = false;
  forged_ = false;
  lastCall_ = 0;
  ids_.clear();
  subscribed_.clear();
  endedForNow_.clear();
}

void SessionModel::end() {
  phase_ = Phase::Down;
}

void SessionModel::receive(Time now, const ServerHead& head) {
  require(phase_ == Phase::Greeting || phase_ == Phase::Up, "nothing is read while down, or after a failure");
  head_ = head;
  headAt_ = now;
  forged_ = forged_ || answeredId(head_) > lastId_;
  noteSubscriptions(head);
}

/// What the server ends for the moment only is subscribed to again later.
void SessionModel::noteSubscriptions(const ServerHead& head) {
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
    if (over) {
      endedForNow_.insert(at->first);
    }
    at = over ? subscribed_.erase(at) : std::next(at);
  }
}

// What comes out of it: actions.

SessionModel::Subscriber& SessionModel::subscriber(SubscriberId id) {
  const auto found = subscribers_.find(id);
  require(found != subscribers_.end(), "a subscriber that has ended is told nothing");
  return found->second;
}

SessionModel::OpenCall& SessionModel::openCall(CallId id, Call::Kind kind) {
  const auto found = calls_.find(id);
  require(found != calls_.end(), "a call ends once");
  require(found->second.call.kind == kind, "a call ends as what it is");
  return found->second;
}

void SessionModel::take(SessionAction& action) {
  std::visit([this](auto& alternative) { check(alternative); }, action);
}

void SessionModel::check(const Welcomed& action) {
  require(phase_ == Phase::Greeting, "there is one welcome for each connection");
  require(std::holds_alternative<Welcome>(head_), "a welcome is what the server said");
  require(action.heartbeat == Duration::zero() || action.heartbeat >= std::chrono::seconds(1),
          "the heartbeat's interval is a second at least");
  phase_ = Phase::Up;
  welcome_ = std::get<Welcome>(head_);
  welcomedAt_ = headAt_;
  resumed_ = action.resumed;
}

void SessionModel::check(const PongArrived& /*action*/) const {
  require(phase_ == Phase::Up, "pongs come after welcome");
}

void SessionModel::check(const PeerFailed& action) {
  require(phase_ == Phase::Greeting || phase_ == Phase::Up, "a connection fails once");
  require(!action.why.empty(), "a failure says why");
  phase_ = Phase::Failed;
}

void SessionModel::check(const LeaveNow& /*action*/) const {
  require(phase_ == Phase::Up, "what is left is a connection in use");
}

void SessionModel::check(const EventArrived& action) {
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

void SessionModel::check(const GapFound& action) {
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

void SessionModel::check(const SubscriptionAnswered& action) {
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

void SessionModel::check(const SubscriptionEnded& action) {
  require(!action.to.empty(), "an end concerns somebody");
  require(!action.error.code.empty(), "an end says why");
  for (const SubscriberId id : action.to) {
    if (const auto at = subscribed_.find(subscriber(id).channel); at != subscribed_.end()) {
      subscribed_.erase(at);
    }
    subscribers_.erase(id);
  }
}

void SessionModel::check(const SubscriptionInterrupted& action) {
  for (const SubscriberId id : action.to) {
    subscriber(id).live = false;
  }
}

void SessionModel::check(const PublishEnded& action) {
  using Outcome = tidewire::Ack::Outcome;
  const OpenCall& known = openCall(action.call, Call::Kind::Publish);
  const bool sent = known.sentOn != 0;
  require(action.tell == known.call.ack, "who asked for the fate of a publish is told, and nobody else");
  require(sent || action.ack.outcome == Outcome::NotSent || action.ack.outcome == Outcome::Refused,
          "what was not sent is neither published nor in doubt");
  require(!sent || action.ack.outcome != Outcome::NotSent, "what was sent is not called unsent");
  require(!sent || action.ack.outcome != Outcome::Refused || std::holds_alternative<ErrorHead>(head_),
          "what was sent is refused by the server only");
  calls_.erase(action.call);
}

void SessionModel::check(const RequestEnded& action) {
  openCall(action.call, Call::Kind::Request);
  require(!action.error || !action.body, "an error has no body");
  require(action.type != BodyType::Text || !action.body || isValidUtf8(action.body->bytes), "text is UTF-8");
  calls_.erase(action.call);
}

void SessionModel::check(const ErrorArrived& action) const {
  require(phase_ == Phase::Greeting || phase_ == Phase::Up, "errors come from a connection");
  require(!action.error.code.empty(), "an error has a code");
}

// What comes out of it: messages.

void SessionModel::sent(Time now, const Framer::Batch& batch) {
  require(phase_ == Phase::Greeting || phase_ == Phase::Up, "nothing is sent while down, or after a failure");
  Unframer unframer(batch.kind, std::as_bytes(std::span(batch.payload)));
  std::size_t parts = 0;
  while (const std::optional<Part> part = unframer.next()) {
    ++parts;
    Sent sent{.op = {}, .head = nlohmann::json::parse(asText(part->head), nullptr, false), .part = *part};
    require(sent.head.is_object(), "a head is an object");
    sent.op = sent.head.value("op", "");
    checkMessage(now, sent);
    const bool isCall = sent.op == "publish" || sent.op == "request";
    require(!isCall || batch.payload.size() <= welcome_->maxMessage, "no call is larger than the server takes");
  }
  require(!unframer.malformed() && parts > 0, "what is sent is well framed");
  const std::uint64_t limit =
      welcome_ ? std::min<std::uint64_t>(welcome_->maxMessage, kLargestBatchBytes) : kLargestBatchBytes;
  require(parts == 1 || batch.payload.size() <= limit, "what is joined stays within the bounds");
}

void SessionModel::checkMessage(Time now, const Sent& sent) {
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
    endedForNow_.erase(sent.channel());
    require(subscribed_.emplace(sent.channel(), OnWire{sent.id()}).second || forged_,
            "a channel is subscribed to once");
    for (const auto& [id, subscriber] : subscribers_) {
      require(forged_ || !subscriber.live || subscriber.channel != sent.channel(), "no event comes until the answer");
    }
  } else if (op == "unsubscribe") {
    useId(sent);
    // The server may have ended it while this waited to be sent.
    const std::size_t known = subscribed_.erase(sent.channel()) + endedForNow_.erase(sent.channel());
    require(known == 1 || forged_, "what is unsubscribed from was subscribed to");
  } else if (op == "auth") {
    useId(sent);
  } else if (op == "cancel") {
    require(sent.id() > 0 && sent.id() <= lastId_, "what is cancelled was sent");
  } else {
    require(op == "ping", "an operation is one that clients have");
  }
}

void SessionModel::useId(const Sent& sent) {
  require(sent.id() > lastId_, "numbers rise");
  lastId_ = sent.id();
  ids_[sent.op].push_back(lastId_);
}

void SessionModel::sendCall(Time now, const Sent& sent) {
  const CallId id = callOf(sent.part);
  const bool isRequest = sent.op == "request";
  OpenCall& known = openCall(id, isRequest ? Call::Kind::Request : Call::Kind::Publish);
  require(known.call.body == asText(*sent.part.body), "a call carries its body");
  require(sent.head.value(isRequest ? "method" : "channel", "") == known.call.target, "a call goes where it should");
  require(id > lastCall_, "calls leave in their order");
  lastCall_ = id;
  if (known.sentOn != 0) {
    require(known.wireId != 0 && sent.id() == known.wireId, "what is sent again keeps its number");
    sendAgain(known);
    ids_[sent.op].push_back(known.wireId);
  } else if (isRequest || known.call.ack) {
    useId(sent);
    known.wireId = sent.id();
    known.firstSentAt = now;
  } else {
    require(!sent.head.contains("id"), "who wants no answer gives no number");
  }
  const bool first = std::exchange(known.sentOn, connection_) == 0;
  const std::uint64_t window = welcome_->dedup && welcome_->dedup->count > 0 ? welcome_->dedup->count : kUsualWindow;
  require(!first || isRequest || !known.call.ack || publishesOnTheirWay() <= window,
          "no more publishes are on their way than the server remembers");
  require(callsHere(Call::Kind::Publish) <= window, "no more publishes are sent again than the server remembers");
  require(callsHere(Call::Kind::Request) <= welcome_->requests, "no more requests wait than the server allows");
}

void SessionModel::sendAgain(const OpenCall& known) const {
  require(known.sentOn != connection_, "nothing is sent twice on one connection");
  if (known.call.kind == Call::Kind::Request) {
    require(known.call.idempotent, "only idempotent requests are sent again");
    return;
  }
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(welcomedAt_ - known.firstSentAt);
  const bool remembered = resumed_ && welcome_->dedup && age < welcome_->dedup->age;
  require(known.call.ack && (known.call.resend || remembered), "nothing is published again in doubt");
}

std::size_t SessionModel::publishesOnTheirWay() const {
  return static_cast<std::size_t>(std::count_if(
      calls_.begin(), calls_.end(), [](const auto& each) { return each.second.call.ack && each.second.sentOn != 0; }));
}

std::size_t SessionModel::callsHere(Call::Kind kind) const {
  return static_cast<std::size_t>(std::count_if(calls_.begin(), calls_.end(), [&](const auto& each) {
    return each.second.call.kind == kind && each.second.wireId != 0 && each.second.sentOn == connection_;
  }));
}

// What holds between inputs.

void SessionModel::checkActions() const {
  for (const auto& [id, subscriber] : subscribers_) {
    require(!subscriber.gap, "behind a gap comes where events go on");
  }
}

void SessionModel::checkSent(const Sending& sending) const {
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

void SessionModel::checkEnded(bool forGood) const {
  for (const auto& [id, known] : calls_) {
    require(!forGood, "every call ends with the session");
    require(known.sentOn == 0 || known.call.kind == Call::Kind::Publish || known.call.idempotent,
            "a request ends with its connection");
  }
  for (const auto& [id, subscriber] : subscribers_) {
    require(!subscriber.live, "no subscription is live without a connection");
  }
}

std::span<const std::uint64_t> SessionModel::idsOf(const std::string& op) {
  return ids_[op];
}

std::uint64_t SessionModel::seqIn(std::string_view channel) const {
  for (const auto& [id, subscriber] : subscribers_) {
    if (subscriber.channel == channel && subscriber.at) {
      return subscriber.at->seq;
    }
  }
  return 0;
}

}  // namespace tidewire::core::protocol
