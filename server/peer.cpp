#include "server/peer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "server/codes.hpp"
#include "server/utf8.hpp"

namespace tidewire::server {

namespace {

constexpr std::size_t kMaxMessageBeforeWelcome = 65'536;

constexpr std::array<std::string_view, 4> kTemporary{"rate-limited", "too-many-requests", "too-slow", kUnavailable};

bool isTemporary(std::string_view code) {
  return std::ranges::find(kTemporary, code) != kTemporary.end();
}

bool isText(const Head& head) {
  if (const auto* const publish = std::get_if<Publish>(&head)) {
    return publish->type == BodyType::Text;
  }
  const auto* const request = std::get_if<Request>(&head);
  return request != nullptr && request->type == BodyType::Text;
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
                     {.eventsWait = [this] { carrier_.outputWaits(); },
                      .tooSlow = [this] { tooSlow(); },
                      .broken = [this](const std::string& channel) { endSubscription(channel, kUnavailable); }}) {}

Peer::~Peer() {
  if (session_ != nullptr) {
    hub_.sessions().left(*session_, *this);
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
  if (held_ || !input_.empty()) {
    input_.emplace_back(binary, payload);
    return;
  }
  Unframer unframer(binary, payload);
  if (!handleAll(unframer) && !unframer.rest().empty()) {
    input_.emplace_back(binary, unframer.rest());
  }
}

bool Peer::handleAll(Unframer& unframer) {
  while (!ending_ && !tooSlow_) {
    if (!unframer.rest().empty() && outbox_.bytes() >= hub_.limits().maxQueueBytes) {
      return false;
    }
    const std::optional<Part> part = unframer.next();
    if (!part) {
      break;
    }
    std::optional<Head> head = readHead(part->head);
    const std::string_view body = part->body.value_or(std::string_view());
    if (!head || (part->body && isText(*head) && !isUtf8(body))) {
      malformed();
      return true;
    }
    if (hasToWait(*head)) {
      held_.emplace(Held{std::move(*head), std::string(body)});
      return false;
    }
    dispatch(*head, body);
  }
  if (!ending_ && unframer.malformed()) {
    malformed();
  }
  return true;
}

// TCP is the flow control: whatever the client requests, no more is kept of the answers than it may have waiting.
bool Peer::holdsBack() const {
  return !ending_ && (held_ || !input_.empty() || outbox_.bytes() >= hub_.limits().maxQueueBytes);
}

void Peer::proceed() {
  if (handling_) {
    return;  // A log has answered at once; what called it goes on by itself.
  }
  handleHeld();
  while (!held_ && !ending_ && !input_.empty() && outbox_.bytes() <= hub_.limits().maxQueueBytes / 2) {
    Unframer& unframer = input_.front().unframer;
    const bool all = handleAll(unframer);
    if (!all && !unframer.rest().empty()) {
      return;
    }
    input_.pop_front();
  }
}

void Peer::handleHeld() {
  if (held_ && !ending_ && !tooSlow_ && !hasToWait(held_->head)) {
    const Held held = *std::exchange(held_, std::nullopt);
    dispatch(held.head, held.body);
  }
}

// Messages about one channel, and all publishes, take effect in the order in which they come (section 3). The calls of
// one log keep theirs, so only what concerns two logs, or depends on an answer, has to wait.
bool Peer::hasToWait(const Head& head) const {
  if (session_ == nullptr) {
    return false;
  }
  if (!welcomed_) {
    return true;
  }
  if (const auto* const subscribe = std::get_if<Subscribe>(&head)) {
    return subscriptions_.isStarting(subscribe->channel);
  }
  if (const auto* const unsubscribe = std::get_if<Unsubscribe>(&head)) {
    return subscriptions_.isStarting(unsubscribe->channel);
  }
  if (const auto* const publish = std::get_if<Publish>(&head)) {
    return hasToWait(*publish);
  }
  // Of those that are cancelled, too, the application may still have something to do.
  return std::holds_alternative<Request>(head) && requests_.size() >= 2 * hub_.limits().maxRequests;
}

bool Peer::hasToWait(const Publish& head) const {
  const Publishes& publishes = session_->publishes;
  if (head.id && (publishes.find(*head.id) || publishes.isWaiting(*head.id))) {
    return false;
  }
  return !publishes.keepsOrder(head.channel) || publishes.waiting() >= hub_.limits().maxPublishes;
}

void Peer::setListening(bool listening) {
  listening_ = listening;
  (listening ? lastHeard_ : lastTaken_) = hub_.steadyTime();
}

void Peer::dispatch(const Head& head, std::string_view body) {
  if (session_ == nullptr && !std::holds_alternative<Hello>(head)) {
    end(kNoHello, "hello comes first");
    return;
  }
  handling_ = true;
  std::visit([&](const auto& each) { handle(each, body); }, head);
  handling_ = false;
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
  if (!ending_) {
    outbox_.add(std::move(packet));
    carrier_.outputWaits();
  }
}

void Peer::answerUrgently(HeadWriter& head) {
  if (!ending_) {
    outbox_.addUrgent(Packet(head.take()));
    carrier_.outputWaits();
  }
}

void Peer::acknowledge(std::uint64_t id, std::uint64_t seq) {
  HeadWriter ack("ack");
  answer(ack.number("id", id).number("seq", seq));
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
  if (isTemporary(code)) {
    head.flag("temporary", true);
  }
  answer(head);
}

// Not at once, since the caller may be in the midst of something. Nor when the socket is writable: it may never be.
void Peer::tooSlow() {
  if (!tooSlow_) {
    tooSlow_ = true;
    carrier_.deadlineNears();
  }
}

Batch Peer::take() {
  lastTaken_ = hub_.steadyTime();
  return outbox_.take(clientTakes_, subscriptions_,
                      [this](const std::string& channel) { endSubscription(channel, "too-large"); });
}

void Peer::endSubscription(const std::string& channel, std::string_view code) {
  subscriptions_.remove(channel);
  HeadWriter unsubscribed("unsubscribed");
  unsubscribed.text("channel", channel).text("code", code);
  if (isTemporary(code)) {
    unsubscribed.flag("temporary", true);
  }
  answer(unsubscribed);
}

// What it was called from, if that is a message, goes on with the next one by itself.
void Peer::goOn() {
  if (!handling_) {
    proceed();
    carrier_.mayReadAgain();
  }
}

bool Peer::goAway(std::uint64_t spreadMs) {
  if (!welcomed_ || ending_) {
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
  held_.reset();
  if (session_ != nullptr) {
    hub_.sessions().left(*std::exchange(session_, nullptr), *this);
  }
  carrier_.outputWaits();
}

void Peer::cut(std::string_view error, std::uint16_t code, std::string_view reason) {
  if (ending_) {
    return;
  }
  outbox_.clear();
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
  } else if (!listening_ && (held_ || !welcomed_)) {
    lastTaken_ = now;  // It is a log that takes its time.
  } else if (!listening_) {
    cut("too-slow", kTooSlow, "reads too slowly");
  } else {
    end(kSilent, "silent");
  }
}

}  // namespace tidewire::server
