#include "session_layer.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "core/ascii.hpp"
#include "core/bytes.hpp"
#include "core/dispatch.hpp"
#include "core/made_by.hpp"
#include "core/url.hpp"
#include "message_access.hpp"

namespace tidewire::internal {
namespace {

using core::protocol::BodyType;

// RFC 6455 section 7.4.1.
constexpr std::uint16_t kInternalError = 1011;
// docs/protocol.md, section 7.
constexpr std::uint16_t kMalformed = 4000;
constexpr std::uint16_t kTokenRefused = 4002;
constexpr std::uint16_t kUnsupportedVersion = 4003;
constexpr std::uint16_t kReplaced = 4004;
constexpr std::uint16_t kTooSlow = 4005;
// RFC 6455 section 7.4.1.
constexpr std::uint16_t kMessageTooBig = 1009;

/// 128 bits in base64url without padding (RFC 4648 section 5).
std::string sessionKey(std::uint64_t high, std::uint64_t low) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string key;
  for (int at = 0; at < 22; ++at) {
    // Six bits from the top; the last character has two of the key and four zeros.
    key.push_back(kAlphabet[high >> 58]);
    high = (high << 6) | (low >> 58);
    low <<= 6;
  }
  return key;
}

Message messageOf(BodyType type, const core::protocol::ArrivedBody& body) {
  return MessageAccess::over(type == BodyType::Text ? MessageKind::Text : MessageKind::Binary, body);
}

/// Names of hosts have no case (RFC 3986 section 3.2.2).
bool isSameHost(std::string_view one, std::string_view other) {
  return core::equalsIgnoringCase(one, other);
}

/// `allowed` is the authority of a URL: a host, and a port unless it is the scheme's own.
bool isAllowed(const core::Url& to, const std::string& allowed) {
  const core::UrlParse place = core::parseUrl((to.secure ? "wss://" : "ws://") + allowed);
  return place.error == core::UrlError::None && !place.url.hasUserInfo && place.url.target == "/" &&
         place.url.port == to.port && isSameHost(place.url.host, to.host);
}

std::string describe(const SessionError& error) {
  return error.message.empty() ? error.code : error.code + ": " + error.message;
}

}  // namespace

SessionLayer::SessionLayer(LayerHost& host, std::shared_ptr<SessionState> state, const Settings& settings)
    : host_(host),
      state_(std::move(state)),
      allowedHosts_(settings.allowedHosts),
      random_(settings.random),
      core_({.key = {},
             .maxMessage = settings.maxMessageBytes,
             .batchDelay = settings.batchDelay,
             .seed = random_().value_or(0)}) {}

// Commands of the application.

void SessionLayer::doPosted(core::Time now, LayerCommand& post, bool down) {
  core::dispatch(static_cast<SessionCommand&>(post).body, [&](auto& command) { carryOut(now, command, down); });
  performActions();
}

void SessionLayer::carryOut(core::Time /*now*/, SubscribeCommand& post, bool /*down*/) {
  Subscriber& subscription = *post.subscription;
  if (!core::protocol::isChannel(subscription.channel())) {
    host_.deliver(SessionEvent{post.subscription, SessionError{.code = "unknown-channel", .message = "not a channel"}});
    return;
  }
  subscription.id = ++lastId_;
  subscriptions_.add(subscription.id, post.subscription);
  std::optional<core::protocol::Position> since;
  if (post.options.since && core::protocol::isName(post.options.since->epoch) &&
      post.options.since->seq <= core::protocol::kMaxInteger) {
    since = core::protocol::Position{std::move(post.options.since->epoch), post.options.since->seq};
  } else if (post.options.since) {
    host_.deliver(SessionEvent{post.subscription, core::protocol::Loss{}});  // No server can have been there.
  }
  core_.subscribe(subscription.id, subscription.channel(), post.options.conflate,
                  std::min(post.options.replay, core::protocol::kMaxInteger), std::move(since));
}

void SessionLayer::carryOut(core::Time /*now*/, UnsubscribeCommand& post, bool /*down*/) {
  subscriptions_.erase(post.subscription->id);
  core_.unsubscribe(post.subscription->id, post.subscription->channel());
}

void SessionLayer::carryOut(core::Time now, CallCommand& post, bool down) {
  const core::protocol::CallId id = ++lastId_;
  post.call.id = id;
  if (post.caller != nullptr) {
    post.caller->id = id;
  }
  calls_.add(id, std::move(post.caller), post.call.body.size());
  core_.call(now, std::move(post.call));
  if (down) {
    core_.ended(true);  // Accepted before the client closed: it ends as not sent.
  }
}

void SessionLayer::carryOut(core::Time /*now*/, CancelCommand& post, bool /*down*/) {
  core_.cancel(post.call->id);
}

void SessionLayer::carryOut(core::Time /*now*/, AuthenticateCommand& post, bool /*down*/) {
  token_ = post.token;
  core_.authenticate(std::move(post.token));
}

// The connection.

void SessionLayer::transportOpened(core::Time now) {
  if (!hasKey_ && !drawKey()) {
    host_.layerFailed(kInternalError, "the system gives no random numbers for the key of the session");
    return;
  }
  core_.opened(now, token_);
}

/// The key is a secret: one that can be foreseen is not sent.
bool SessionLayer::drawKey() {
  const std::optional<std::uint64_t> high = random_();
  const std::optional<std::uint64_t> low = random_();
  hasKey_ = high && low;
  if (hasKey_) {
    core_.setKey(sessionKey(*high, *low));
  }
  return hasKey_;
}

void SessionLayer::messageArrived(core::Time now, Message& message) {
  ServerMessages messages(message);
  const bool waits = holdsArrived();
  if (!waits && read(now, messages)) {
    return;
  }
  messages.keep();
  const std::size_t bytes = waits ? MessageAccess::knownSize(message) : 0;
  bytesBehind_ += bytes;
  arrived_.push_back({std::move(messages), bytes});
}

void SessionLayer::goOn(core::Time now) {
  while (holdsArrived() && read(now, arrived_.front().messages)) {
    arrived_.pop_front();
    if (holdsArrived()) {
      bytesBehind_ -= std::exchange(arrived_.front().bytes, 0);
    }
  }
}

/// Returns false if the rest has to wait: one WebSocket message may hold more than the delivery queue.
bool SessionLayer::read(core::Time now, ServerMessages& messages) {
  while (host_.takesMore()) {
    std::optional<core::protocol::ServerMessage> next = messages.next();
    if (!next) {
      return true;
    }
    core_.arrived(now, *next);
    performActions();
  }
  return false;
}

void SessionLayer::judge(core::Ending& ending) {
  if (ending.cause == CloseCause::MessageTooBig) {
    // `hello` states the client's limit: the next server, or the next event, may respect it.
    ending.fate = core::Fate::MayPass;
    return;
  }
  if (ending.cause != CloseCause::ClosedByPeer) {
    return;
  }
  if (ending.code == kTokenRefused) {
    const bool fresh = core_.refusal() && core_.refusal()->code == "token-expired";
    ending.fate = fresh ? core::Fate::CredentialsRefused : core::Fate::Final;
  } else if (ending.code == kUnsupportedVersion || ending.code == kReplaced) {
    ending.fate = core::Fate::Final;
  } else if (ending.code == kTooSlow) {
    core_.calledSlow();
  } else if (ending.code == kMessageTooBig) {
    ending.fate = core_.calledTooLarge() ? core::Fate::MayPass : core::Fate::Final;
    performActions();
  }
}

void SessionLayer::attemptEnded(core::Time /*now*/, bool forGood) {
  arrived_.clear();
  bytesBehind_ = 0;
  core_.ended(forGood);
  performActions();
}

void SessionLayer::probe(core::Time now, std::uint64_t number) {
  core_.probe(now, number);
}

void SessionLayer::reassure() {
  core_.reassure();
}

void SessionLayer::tick(core::Time now) {
  core_.tick(now);
  performActions();
}

Transport::Sent SessionLayer::send(core::Time now, Transport& transport) {
  Transport::Sent sent;
  PayloadStore store;
  while (transport.room() > 0) {
    const auto batches = core_.takeBatches(now, transport.room());
    if (batches.empty()) {
      break;
    }
    for (const auto& batch : batches) {
      if (!store.put(batch.kind, core::asBytes(batch.payload))) {
        host_.layerFailed(kInternalError, "the system gives no random numbers to mask messages with");
        return sent;
      }
      ++sent.messages;
      sent.bytes += batch.payload.size();
    }
    auto stored = store.take();
    while (auto message = stored.next()) {
      transport.send(std::move(*message));
    }
  }
  performActions();
  return sent;
}

// Actions of the core.

void SessionLayer::performActions() {
  while (core_.hasActions()) {
    // Nearly every action of a busy session, which is not moved: a callback gives the core no input.
    if (const core::protocol::EventArrived* event = core_.nextEvent()) {
      deliver(*event);
      core_.dropEvent();
      continue;
    }
    std::optional<core::protocol::SessionAction> action = core_.takeAction();
    core::dispatch(*action, [this](auto& alternative) { perform(alternative); });
  }
}

void SessionLayer::perform(const core::protocol::Welcomed& action) {
  state_->setRefusal(std::nullopt);
  state_->setServerOffset(core_.serverOffset());
  host_.layerOpened(action.resumed, action.heartbeat);
}

void SessionLayer::perform(const core::protocol::PongArrived& action) {
  state_->setServerOffset(core_.serverOffset());
  host_.layerAnswered(action.t);
}

void SessionLayer::perform(core::protocol::PeerFailed& action) {
  host_.layerFailed(kMalformed, std::move(action.why));
}

void SessionLayer::perform(core::protocol::LeaveNow& action) {
  const bool follows = action.url && isTrusted(*action.url);
  host_.note(LogLevel::Info,
             action.url && !follows ? "the server goes away, to a place that is not trusted" : "the server goes away");
  host_.layerMoves(follows ? std::move(action.url) : std::nullopt);
}

/// The same origin or a place that the application allowed, and never from wss: to ws:.
bool SessionLayer::isTrusted(const std::string& url) const {
  const core::UrlParse to = core::parseUrl(url);
  const core::UrlParse from = core::parseUrl(host_.url());
  if (to.error != core::UrlError::None || to.url.hasUserInfo || (from.url.secure && !to.url.secure)) {
    return false;
  }
  const bool samePort = to.url.port == from.url.port || (to.url.portIsDefault && from.url.portIsDefault);
  return (samePort && isSameHost(to.url.host, from.url.host)) ||
         std::any_of(allowedHosts_.begin(), allowedHosts_.end(),
                     [&to](const std::string& allowed) { return isAllowed(to.url, allowed); });
}

void SessionLayer::deliver(const core::protocol::EventArrived& action) {
  for (const core::protocol::SubscriberId id : action.to) {
    if (const auto* const subscription = subscriptions_.find(id)) {
      Event event(std::in_place_type<SessionEvent>, core::MadeBy([&] {
                    return SessionEvent{*subscription, action.event};
                  }));
      auto& news = *std::get_if<SessionEvent>(&event);
      // The recipient's own copy, which outlives the event.
      std::get_if<tidewire::Event>(&news.news)->channel = (*subscription)->channel();
      if (action.body) {
        news.body.emplace(messageOf(action.type, *action.body));
      }
      host_.deliver(std::move(event));
    }
  }
}

void SessionLayer::deliver(core::protocol::SubscriberId id, News news) {
  if (const auto* const subscription = subscriptions_.find(id)) {
    host_.deliver(SessionEvent{*subscription, std::move(news)});
  }
}

void SessionLayer::perform(const core::protocol::GapFound& action) {
  for (const core::protocol::SubscriberId id : action.to) {
    deliver(id, action.loss);
  }
}

void SessionLayer::perform(const core::protocol::SubscriptionAnswered& action) {
  for (const core::protocol::SubscriberId id : action.to) {
    if (const auto* const subscription = subscriptions_.find(id)) {
      (*subscription)->setLive(true);
    }
    deliver(id, ChannelPosition{action.position.epoch, action.position.seq});
  }
}

void SessionLayer::perform(const core::protocol::SubscriptionInterrupted& action) {
  for (const core::protocol::SubscriberId id : action.to) {
    if (const auto* const subscription = subscriptions_.find(id)) {
      (*subscription)->setLive(false);
    }
  }
}

void SessionLayer::perform(const core::protocol::SubscriptionEnded& action) {
  for (const core::protocol::SubscriberId id : action.to) {
    if (auto* const found = subscriptions_.find(id)) {
      const std::shared_ptr<Subscriber> subscription = std::move(*found);
      subscriptions_.erase(id);
      subscription->setLive(false);
      host_.deliver(SessionEvent{subscription, action.error});
    }
  }
}

std::shared_ptr<Caller> SessionLayer::takeCall(core::protocol::CallId id) {
  CallEntry& entry = *calls_.find(id);
  std::shared_ptr<Caller> caller = std::move(entry.caller);
  state_->release(entry.bytes);
  calls_.erase(id);
  return caller;
}

void SessionLayer::perform(core::protocol::PublishEnded& action) {
  std::shared_ptr<Caller> call = takeCall(action.call);
  if (call != nullptr && action.tell) {
    host_.deliver(SessionEvent{std::move(call), std::move(action.ack)});
  }
}

void SessionLayer::perform(core::protocol::RequestEnded& action) {
  if (std::shared_ptr<Caller> call = takeCall(action.call)) {
    SessionEvent news{std::move(call), ReplyNews{std::move(action.error)}};
    if (action.body) {
      news.body.emplace(messageOf(action.type, *action.body));
    }
    host_.deliver(std::move(news));
  }
}

void SessionLayer::perform(core::protocol::ErrorArrived& action) {
  host_.note(LogLevel::Warning, "the server reports an error: " + describe(action.error));
  state_->setRefusal(core_.refusal());
  host_.deliver(std::move(action.error));
}

}  // namespace tidewire::internal
