#include "stream/peer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "stream/methods.hpp"
#include "text.hpp"

namespace ticker::stream {

namespace {

// docs/protocol.md, section 7; the first two are RFC 6455's.
constexpr std::uint16_t kGoingAway = 1001;
constexpr std::uint16_t kTooBig = 1009;
constexpr std::uint16_t kMalformed = 4000;
constexpr std::uint16_t kNoHello = 4001;
constexpr std::uint16_t kRefused = 4002;
constexpr std::uint16_t kUnsupportedVersion = 4003;
constexpr std::uint16_t kTakenOver = 4004;
constexpr std::uint16_t kTooSlow = 4005;
constexpr std::uint16_t kSilent = 4006;

constexpr std::size_t kMaxMessageBeforeWelcome = 65'536;
constexpr std::size_t kPacketCost = 128;    // Memory that a message takes besides its bytes.
constexpr std::size_t kMaxLead = 65'536;    // Of answers before events; then they take turns, byte by byte.
constexpr std::uint64_t kMaxRequests = 64;  // Each is answered before the next is read, so none is too many.

constexpr std::array<std::string_view, 3> kTemporary{"rate-limited", "too-slow", "unavailable"};

bool isText(const Head& head) {
  if (const auto* const publish = std::get_if<Publish>(&head)) {
    return publish->type == BodyType::Text;
  }
  const auto* const request = std::get_if<Request>(&head);
  return request != nullptr && request->type == BodyType::Text;
}

std::size_t costOf(const Packet& packet) {
  return packet.bytes.size() + kPacketCost;
}

}  // namespace

Peer::Peer(Hub& hub, Carrier& carrier)
    : hub_(hub),
      carrier_(carrier),
      opened_(hub.steadyTime()),
      lastHeard_(opened_),
      lastTaken_(opened_),
      clientTakes_(Hello{}.maxMessage),
      publishes_(hub.limits().publishesPerSecond, opened_),
      subscriptions_(hub.limits().maxQueueBytes,
                     {.eventsWait = [this] { carrier_.outputWaits(); }, .tooSlow = [this] { tooSlow(); }}) {}

Peer::~Peer() {
  if (session_ != nullptr) {
    hub_.sessions().left(*session_, *this, hub_.steadyTime());
  }
}

std::size_t Peer::maxMessageBytes() const {
  return session_ == nullptr ? kMaxMessageBeforeWelcome : hub_.limits().maxMessageBytes;
}

void Peer::tooBig() {
  cut("too-large", kTooBig, "the message is too big");
}

// --- What comes ------------------------------------------------------------------------------------------------------

void Peer::received(bool binary, std::string_view payload) {
  if (!input_.empty()) {
    input_.emplace_back(binary, payload);
    return;
  }
  Unframer unframer(binary, payload);
  if (!handleAll(unframer)) {
    input_.emplace_back(binary, unframer.rest());
  }
}

bool Peer::handleAll(Unframer& unframer) {
  while (!ending_ && !tooSlow_) {
    if (!unframer.rest().empty() && answerBytes_ >= hub_.limits().maxQueueBytes) {
      return false;
    }
    const std::optional<Part> part = unframer.next();
    if (!part) {
      break;
    }
    const std::optional<Head> head = readHead(part->head);
    if (!head || (part->body && isText(*head) && !isUtf8(*part->body))) {
      malformed();
      return true;
    }
    handle(*head, part->body.value_or(std::string_view()));
  }
  if (!ending_ && unframer.malformed()) {
    malformed();
  }
  return true;
}

// TCP is the flow control: whatever the client asks for, no more is kept of the answers than it may have waiting.
bool Peer::holdsBack() const {
  return !ending_ && (!input_.empty() || answerBytes_ >= hub_.limits().maxQueueBytes);
}

void Peer::proceed() {
  while (!ending_ && !input_.empty() && answerBytes_ <= hub_.limits().maxQueueBytes / 2) {
    if (!handleAll(input_.front().unframer)) {
      return;
    }
    input_.pop_front();
  }
}

void Peer::setListening(bool listening) {
  listening_ = listening;
  (listening ? lastHeard_ : lastTaken_) = hub_.steadyTime();
}

void Peer::handle(const Head& head, std::string_view body) {
  if (session_ == nullptr && !std::holds_alternative<Hello>(head)) {
    end(kNoHello, "hello comes first");
    return;
  }
  std::visit([&](const auto& each) { handle(each, body); }, head);
}

void Peer::handle(const Hello& head, std::string_view /*body*/) {
  if (session_ != nullptr) {
    malformed();
    return;
  }
  if (head.v != 1) {
    error(std::nullopt, "unsupported-version", "this server speaks version 1");
    end(kUnsupportedVersion, "unsupported version");
    return;
  }
  const std::int64_t now = hub_.steadyTime();
  const Users::Verdict verdict = hub_.users().check(head.token, now);
  if (!verdict.refusal.empty()) {
    refuse(verdict.refusal);
    return;
  }
  switch (hub_.sessions().judge(verdict.user, head, now)) {
    case Attempt::Late:
      takenOver();
      return;
    case Attempt::Leap:
      malformed();
      return;
    case Attempt::New:
      break;
  }
  tokenExpires_ = verdict.expires;
  clientTakes_ = static_cast<std::size_t>(head.maxMessage);
  session_ = &hub_.sessions().join(*this, verdict.user, head);
  welcome(head.memory);
}

void Peer::welcome(std::string_view known) {
  const Sessions::Settings& sessions = hub_.sessions().settings();
  HeadWriter head("welcome");
  const bool remembers = sessions.dedupCount > 0;
  head.number("v", 1).flag("resumed", remembers && known == session_->memory);
  head.number("heartbeat", static_cast<std::uint64_t>(hub_.limits().heartbeatMs));
  head.number("now", static_cast<std::uint64_t>(hub_.wallTime()));
  head.number("maxMessage", hub_.limits().maxMessageBytes).number("requests", kMaxRequests);
  if (remembers) {
    head.text("memory", session_->memory);
    head.raw("dedup",
             "{\"count\":" + std::to_string(sessions.dedupCount) + ",\"ms\":" + std::to_string(sessions.dedupMs) + '}');
  }
  queue(urgent_, Packet(head.take()));
}

void Peer::handle(const Subscribe& head, std::string_view /*body*/) {
  if (subscriptions_.contains(head.channel)) {
    error(head.id, "already-subscribed");
    return;
  }
  const Limits& limits = hub_.limits();
  if (subscriptions_.count() >= limits.maxSubscriptions ||
      (Hub::isRoom(head.channel) && subscriptions_.countRooms() >= limits.maxRooms)) {
    error(head.id, "too-many-subscriptions");
    return;
  }
  const Hub::Opened opened = hub_.open(head.channel, *session_);
  if (opened.refusal != nullptr) {
    error(head.id, opened.refusal);
    return;
  }
  const Start start = startOf(*opened.log, head);
  HeadWriter subscribed("subscribed");
  subscribed.number("id", head.id).text("epoch", opened.log->epoch()).number("seq", opened.log->seq());
  subscribed.flag("recovered", start.recovered);
  if (!head.since && start.position != opened.log->seq()) {
    subscribed.number("from", start.position);
  }
  answer(subscribed);
  subscriptions_.add({.channel = head.channel, .log = opened.log, .conflate = head.conflate, .behind = answersQueued_},
                     start);
}

void Peer::handle(const Unsubscribe& head, std::string_view /*body*/) {
  subscriptions_.remove(head.channel);
  HeadWriter unsubscribed("unsubscribed");
  answer(unsubscribed.number("id", head.id).text("channel", head.channel));
}

void Peer::handle(const Publish& head, std::string_view body) {
  std::optional<std::uint64_t> seq = head.id ? session_->answered.find(*head.id) : std::nullopt;
  if (!seq) {
    std::shared_ptr<ChannelLog> log;
    if (const char* const refusal = refusalOf(head, body, log)) {
      if (head.id) {  // Nobody waits for an answer otherwise.
        error(head.id, refusal);
      }
      return;
    }
    seq = log->append(head.type, body, hub_.wallTime());
    hub_.journal().published(session_->name, head.id, head.channel, *seq);
    if (head.id && hub_.sessions().settings().dedupCount > 0) {
      session_->answered.add(*head.id, *seq, hub_.sessions().settings().dedupCount);
    }
  }
  if (head.id) {
    HeadWriter ack("ack");
    answer(ack.number("id", *head.id).number("seq", *seq));
  }
}

const char* Peer::refusalOf(const Publish& head, std::string_view body, std::shared_ptr<ChannelLog>& log) {
  if (body.size() > hub_.limits().maxBodyBytes) {
    return "too-large";
  }
  if (!publishes_.take(hub_.steadyTime())) {
    return "rate-limited";
  }
  const Hub::Opened opened = hub_.openToPublish(head.channel, *session_);
  log = opened.log;
  return opened.refusal;
}

void Peer::handle(const Request& head, std::string_view body) {
  const Outcome outcome = callMethod(head.method, body, hub_);
  if (!outcome.refusal.empty()) {
    error(head.id, outcome.refusal, outcome.message);
    return;
  }
  HeadWriter reply("reply");
  Packet packet(reply.number("id", head.id).take(), outcome.body);
  if (!fits(packet)) {
    error(head.id, "too-large", "the reply is larger than the client takes");
    return;
  }
  answer(std::move(packet));
}

void Peer::handle(const Ping& head, std::string_view /*body*/) {
  HeadWriter pong("pong");
  pong.number("t", head.t).number("now", static_cast<std::uint64_t>(hub_.wallTime()));
  queue(urgent_, Packet(pong.take()));
}

void Peer::handle(const Auth& head, std::string_view /*body*/) {
  const Users::Verdict verdict = hub_.users().check(head.token, hub_.steadyTime());
  if (!verdict.refusal.empty() || verdict.user != session_->user) {
    error(head.id, verdict.refusal.empty() ? "unauthorized" : verdict.refusal);
    return;
  }
  tokenExpires_ = verdict.expires;
  HeadWriter ack("ack");
  answer(ack.number("id", head.id));
}

void Peer::handle(const UnknownOp& head, std::string_view /*body*/) {
  error(head.id, "unknown-op");
}

void Peer::refuse(std::string_view code) {
  error(std::nullopt, code);
  end(kRefused, code);
}

void Peer::malformed() {
  error(std::nullopt, "malformed");
  end(kMalformed, "malformed");
}

// --- What goes -------------------------------------------------------------------------------------------------------

void Peer::answer(Packet packet) {
  ++answersQueued_;
  queue(answers_, std::move(packet));
}

void Peer::error(std::optional<std::uint64_t> id, std::string_view code, std::string_view message) {
  HeadWriter head("error");
  if (id) {
    head.number("id", *id);
  }
  head.text("code", code);
  if (!message.empty()) {
    head.text("message", message);
  }
  if (std::ranges::find(kTemporary, code) != kTemporary.end()) {
    head.flag("temporary", true);
  }
  answer(head);
}

void Peer::queue(std::deque<std::shared_ptr<const Packet>>& packets, Packet packet) {
  if (ending_) {
    return;
  }
  answerBytes_ += costOf(packet);
  packets.push_back(std::make_shared<const Packet>(std::move(packet)));
  carrier_.outputWaits();
}

// Not at once: whoever finds it may be in the midst of something. Nor when the socket is writable: it may never be.
void Peer::tooSlow() {
  if (!tooSlow_) {
    tooSlow_ = true;
    carrier_.deadlineNears();
  }
}

Batch Peer::take() {
  lastTaken_ = hub_.steadyTime();
  Batch batch(clientTakes_);
  for (;;) {
    const bool isEvent = eventIsNext();
    const std::shared_ptr<const Packet> packet = isEvent ? subscriptions_.peek(answersSent_) : nextAnswer();
    if (packet && isEvent && !fits(*packet)) {
      dropSubscription();
      continue;
    }
    if (!packet || !batch.takes(*packet)) {
      return batch;
    }
    batch.add(*packet);
    if (isEvent) {
      popEvent(*packet);
    } else {
      popAnswer();
    }
  }
}

// Answers go first, but a client that always has some to take gets its events as well: it would be called slow else.
bool Peer::eventIsNext() {
  if (urgent_.empty() && !answers_.empty()) {
    return lead_ >= kMaxLead && subscriptions_.peek(answersSent_) != nullptr;
  }
  return urgent_.empty();
}

std::shared_ptr<const Packet> Peer::nextAnswer() const {
  return urgent_.empty() ? answers_.front() : urgent_.front();
}

void Peer::popAnswer() {
  std::deque<std::shared_ptr<const Packet>>& packets = urgent_.empty() ? answers_ : urgent_;
  answersSent_ += urgent_.empty() ? 1 : 0;
  answerBytes_ -= costOf(*packets.front());
  lead_ = subscriptions_.peek(answersSent_) != nullptr ? lead_ + packets.front()->bytes.size() : 0;
  packets.pop_front();
}

void Peer::popEvent(const Packet& packet) {
  lead_ -= std::min(lead_, packet.bytes.size());
  subscriptions_.pop();
}

void Peer::dropSubscription() {
  const std::string channel = subscriptions_.nextChannel();
  subscriptions_.remove(channel);
  HeadWriter unsubscribed("unsubscribed");
  answer(unsubscribed.text("channel", channel).text("code", "too-large"));
}

bool Peer::goAway(std::uint64_t spreadMs) {
  if (session_ == nullptr) {
    return false;
  }
  HeadWriter head("goaway");
  answer(head.number("after", 0).number("spread", spreadMs));
  return true;
}

// --- How it ends -----------------------------------------------------------------------------------------------------

void Peer::end(std::uint16_t code, std::string_view reason) {
  if (ending_) {
    return;
  }
  ending_ = {code, reason};
  subscriptions_.clear();
  if (session_ != nullptr) {
    hub_.sessions().left(*std::exchange(session_, nullptr), *this, hub_.steadyTime());
  }
  carrier_.outputWaits();
}

void Peer::cut(std::string_view error, std::uint16_t code, std::string_view reason) {
  if (ending_) {
    return;
  }
  urgent_.clear();
  answers_.clear();
  answerBytes_ = 0;
  this->error(std::nullopt, error);
  end(code, reason);
}

void Peer::stop() {
  end(kGoingAway, "the server is shutting down");
}

void Peer::takenOver() {
  end(kTakenOver, "the same session has connected again");
}

std::optional<std::int64_t> Peer::deadline() const {
  if (ending_) {
    return std::nullopt;
  }
  if (tooSlow_) {
    return opened_;  // Now.
  }
  if (session_ == nullptr) {
    return opened_ + hub_.limits().helloWithinMs;
  }
  std::optional<std::int64_t> deadline = tokenExpires_;
  if (const std::int64_t heartbeat = hub_.limits().heartbeatMs; heartbeat > 0) {
    const std::int64_t silent = (listening_ ? lastHeard_ : lastTaken_) + 2 * heartbeat;
    deadline = std::min(deadline.value_or(silent), silent);
  }
  return deadline;
}

void Peer::elapsed() {
  const std::int64_t now = hub_.steadyTime();
  if (const std::optional<std::int64_t> at = deadline(); !at || now < *at) {
    return;
  }
  if (tooSlow_) {
    cut("too-slow", kTooSlow, "reads too slowly");
  } else if (session_ == nullptr) {
    end(kNoHello, "no hello");
  } else if (tokenExpires_ && *tokenExpires_ <= now) {
    refuse("token-expired");
  } else if (!listening_) {
    cut("too-slow", kTooSlow, "reads too slowly");
  } else {
    end(kSilent, "silent");
  }
}

}  // namespace ticker::stream
