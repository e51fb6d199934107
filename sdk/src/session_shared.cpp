#include "session_shared.hpp"

#include <algorithm>
#include <functional>

#include "core/bytes.hpp"
#include "core/utf8.hpp"
#include "endpoint_question.hpp"
#include "session_layer.hpp"

namespace tidewire::internal {
namespace {

/// What a call weighs in the outbox besides its body.
constexpr std::size_t kCallBytes = 256;
/// It is added to a clock.
constexpr std::chrono::milliseconds kLongestTimeout = std::chrono::hours(24 * 3652);

/// Whether a head can carry it, with what else `hello` has.
bool fitsHead(const std::string& token) {
  constexpr std::size_t kRest = 256;
  const core::protocol::Auth head{core::protocol::kMaxInteger, token};
  return core::protocol::write(head).size() + kRest <= core::protocol::kMaxHeadBytes;
}

bool isToken(const std::string& token) {
  return core::isValidUtf8(core::asBytes(token)) && fitsHead(token);
}

/// The token goes with the answer, so that it is that of the answer which counts.
void answerToken(const EndpointRequest& request, std::string token, std::string url) {
  if (!isToken(token)) {
    request.fail("the token is not UTF-8, or longer than a message may be");
    return;
  }
  Endpoint endpoint = request.configured();
  endpoint.url = std::move(url);
  EndpointQuestion::of(request).answer(std::move(endpoint),
                                       std::make_unique<SessionPost>(AuthenticatePost{std::move(token)}));
}

/// Has the token function asked by what asks `Options::endpoint`: before every attempt, wherever callbacks run.
Callback<EndpointRequest> askToken(Callback<TokenRequest> token, std::shared_ptr<SessionState> state) {
  return [token = std::move(token), state = std::move(state)](const EndpointRequest& request) {
    token(TokenRequest(request, &answerToken, state->refusal()));
  };
}

Options clientOptions(SessionOptions options, const std::shared_ptr<SessionState>& state) {
  Options made{.url = std::move(options.url),
               .subprotocols = {"tidewire.v1"},
               .headers = std::move(options.headers),
               .name = std::move(options.name),
               .connectTimeout = options.connectTimeout,
               .closeTimeout = options.closeTimeout,
               .heartbeat = {.interval = options.heartbeat.interval,
                             .timeout = options.heartbeat.timeout,
                             .thawTimeout = options.heartbeat.thawTimeout},
               .reconnect = std::move(options.reconnect),
               .maxMessageBytes = options.maxMessageBytes,
               .callbacks = options.callbacks,
               .executor = std::move(options.executor),
               .loop = std::move(options.loop),
               .deliveryQueueBytes = options.deliveryQueueBytes,
               .tls = std::move(options.tls),
               .log = std::move(options.log),
               .flightRecorder = options.flightRecorder};
  if (options.token) {
    made.endpoint = askToken(std::move(options.token), state);
  }
  return made;
}

}  // namespace

// SessionState.

CallResult SessionState::admit(std::size_t bytes) {
  const std::size_t weight = bytes + kCallBytes;
  const Lock lock(mutex_);
  if (weight > outbox_.maxBytes) {
    return CallResult::TooLarge;
  }
  if (calls_ >= outbox_.maxCalls || outbox_.maxBytes - weight < bytes_) {
    return CallResult::QueueFull;
  }
  ++calls_;
  bytes_ += weight;
  return CallResult::Queued;
}

void SessionState::release(std::size_t bytes) {
  const Lock lock(mutex_);
  --calls_;
  bytes_ -= bytes + kCallBytes;
}

void SessionState::setRefusal(std::optional<SessionError> refusal) {
  const Lock lock(mutex_);
  refusal_ = std::move(refusal);
}

std::optional<SessionError> SessionState::refusal() const {
  const Lock lock(mutex_);
  return refusal_;
}

void SessionState::setServerOffset(std::optional<core::Duration> offset) {
  const Lock lock(mutex_);
  serverOffset_ = offset;
}

std::optional<std::chrono::milliseconds> SessionState::serverTime(core::Time now) const {
  const Lock lock(mutex_);
  if (!serverOffset_) {
    return std::nullopt;
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch() + *serverOffset_);
}

// SubscriptionShared.

SubscriptionShared::SubscriptionShared(std::weak_ptr<ClientShared> client, std::shared_ptr<SessionState> session,
                                       std::string channel, const SubscribeOptions& options,
                                       SubscriptionHandlers handlers)
    : Recipient(options.conflate),
      client_(std::move(client)),
      session_(std::move(session)),
      channel_(std::move(channel)),
      handlers_(std::move(handlers)) {}

void SubscriptionShared::unsubscribe() {
  if (gone_.exchange(true)) {
    return;
  }
  setLive(false);
  if (const auto client = client_.lock()) {
    client->post(std::make_unique<SessionPost>(UnsubscribePost{shared_from_this()}), false);
    client->awaitCallback();
  }
}

std::optional<ChannelPosition> SubscriptionShared::position() const {
  const Lock lock(mutex_);
  return position_;
}

std::optional<std::chrono::milliseconds> SubscriptionShared::age() const {
  const auto client = client_.lock();
  const auto now = client == nullptr ? std::nullopt : session_->serverTime(client->now());
  const Lock lock(mutex_);
  return now && lastTime_ ? std::optional(*now - *lastTime_) : std::nullopt;
}

void SubscriptionShared::receive(const SessionEvent& event) {
  if (!gone_.load()) {
    std::visit([this, &event](const auto& news) { receive(news, event); }, event.news);
  }
}

bool SubscriptionShared::absorb(const SessionEvent& event) {
  if (gone_.load()) {
    return true;
  }
  if (std::holds_alternative<core::protocol::Loss>(event.news)) {
    return !handlers_.onGap;
  }
  if (std::holds_alternative<SessionError>(event.news)) {
    return !handlers_.onEnd;
  }
  // What moves the position keeps its order: all of it is queued, or nothing.
  if (handlers_.onEvent || handlers_.onSubscribed) {
    return false;
  }
  if (const auto* news = std::get_if<EventNews>(&event.news)) {
    note(*news);
  } else if (const auto* position = std::get_if<ChannelPosition>(&event.news)) {
    note(*position);
  }
  return true;
}

void SubscriptionShared::note(const EventNews& news) {
  const Lock lock(mutex_);
  if (position_) {
    position_->seq = news.seq;
  }
  lastTime_ = news.ts ? std::optional(std::chrono::milliseconds(*news.ts)) : std::nullopt;
}

void SubscriptionShared::note(const ChannelPosition& news) {
  const Lock lock(mutex_);
  position_ = news;
}

void SubscriptionShared::receive(const EventNews& news, const SessionEvent& event) {
  tidewire::Event told{.channel = channel_, .seq = news.seq, .skipped = news.skipped};
  if (news.ts) {
    told.time = std::chrono::milliseconds(*news.ts);
  }
  if (event.body) {
    told.body = Body(&*event.body);
  }
  note(news);
  if (handlers_.onEvent) {
    handlers_.onEvent(told);
  }
}

void SubscriptionShared::receive(const core::protocol::Loss& news, const SessionEvent& /*event*/) {
  if (!handlers_.onGap) {
    return;
  }
  Gap gap{.channel = channel_};
  if (news.range) {
    gap.hasRange = true;
    gap.from = news.range->from;
    gap.to = news.range->to;
  }
  handlers_.onGap(gap);
}

void SubscriptionShared::receive(const ChannelPosition& news, const SessionEvent& /*event*/) {
  note(news);
  if (handlers_.onSubscribed) {
    handlers_.onSubscribed({.channel = channel_, .position = news});
  }
}

void SubscriptionShared::receive(const SessionError& news, const SessionEvent& /*event*/) {
  if (handlers_.onEnd) {
    handlers_.onEnd({.channel = channel_, .error = news});
  }
}

// CallShared.

void CallShared::cancel() {
  if (cancelled_.exchange(true)) {
    return;
  }
  if (const auto client = client_.lock()) {
    client->post(std::make_unique<SessionPost>(CancelPost{shared_from_this()}), false);
  }
}

void CallShared::receive(const SessionEvent& event) {
  if (const auto* ack = std::get_if<Ack>(&event.news)) {
    acked_(*ack);
  } else if (const auto* reply = std::get_if<ReplyNews>(&event.news); reply != nullptr && !cancelled_.load()) {
    replied_({.error = reply->error, .body = event.body ? Body(&*event.body) : Body()});
  }
}

// SessionShared.

SessionShared::SessionShared(SessionOptions options, std::shared_ptr<Loop> loop)
    : state_(std::make_shared<SessionState>(options.outbox)) {
  const SessionLayer::Settings settings{
      .maxMessageBytes = options.maxMessageBytes,
      .batchDelay = std::clamp<std::chrono::milliseconds>(options.outbox.batchDelay, {}, kLongestTimeout),
      .allowedHosts = options.allowedHosts,
      .random = [loop] { return loop->randomSeed(); }};
  const auto makeLayer = [settings, state = state_](LayerHost& host) -> std::unique_ptr<ClientLayer> {
    return std::make_unique<SessionLayer>(host, state, settings);
  };
  client_ = std::make_shared<ClientShared>(clientOptions(std::move(options), state_), std::move(loop), makeLayer);
}

std::shared_ptr<SubscriptionShared> SessionShared::subscribe(std::string_view channel, SubscribeOptions options,
                                                             SubscriptionHandlers handlers) {
  auto subscription =
      std::make_shared<SubscriptionShared>(client_, state_, std::string(channel), options, std::move(handlers));
  if (client_->acceptsThisThread()) {
    client_->post(std::make_unique<SessionPost>(SubscribePost{subscription, std::move(options)}), false);
  }
  return subscription;
}

CallResult SessionShared::publish(std::string_view channel, MessageKind kind, std::span<const std::byte> body,
                                  const PublishOptions& options, Callback<const Ack&> done) {
  std::shared_ptr<CallShared> shared;
  if (options.ack && done) {
    shared = std::make_shared<CallShared>(client_, std::move(done), nullptr);
  }
  const auto type = kind == MessageKind::Text ? core::protocol::BodyType::Text : core::protocol::BodyType::Bytes;
  return call({.kind = core::protocol::Call::Kind::Publish,
               .target = std::string(channel),
               .type = type,
               .body = std::string(reinterpret_cast<const char*>(body.data()), body.size()),
               .ack = options.ack,
               .resend = options.resend},
              shared);
}

std::pair<CallResult, std::shared_ptr<CallShared>> SessionShared::request(std::string_view method, MessageKind kind,
                                                                          std::span<const std::byte> body,
                                                                          const RequestOptions& options,
                                                                          Callback<const Reply&> done) {
  std::shared_ptr<CallShared> shared;
  if (done) {
    shared = std::make_shared<CallShared>(client_, nullptr, std::move(done));
  }
  const auto type = kind == MessageKind::Text ? core::protocol::BodyType::Text : core::protocol::BodyType::Bytes;
  const CallResult result = call({.kind = core::protocol::Call::Kind::Request,
                                  .target = std::string(method),
                                  .type = type,
                                  .body = std::string(reinterpret_cast<const char*>(body.data()), body.size()),
                                  .idempotent = options.idempotent,
                                  .timeout = std::min<std::chrono::milliseconds>(options.timeout, kLongestTimeout)},
                                 shared);
  return {result, result == CallResult::Queued ? shared : nullptr};
}

CallResult SessionShared::call(core::protocol::Call call, const std::shared_ptr<CallShared>& shared) {
  if (!client_->acceptsThisThread()) {
    return CallResult::WrongThread;
  }
  if (!core::protocol::isChannel(call.target)) {
    return CallResult::InvalidName;
  }
  if (call.type == core::protocol::BodyType::Text && !core::isValidUtf8(core::asBytes(call.body))) {
    return CallResult::InvalidUtf8;
  }
  const std::size_t bytes = call.body.size();
  if (const CallResult result = state_->admit(bytes); result != CallResult::Queued) {
    return result;
  }
  if (!client_->post(std::make_unique<SessionPost>(CallPost{std::move(call), shared}), true)) {
    state_->release(bytes);
    return CallResult::Closed;
  }
  return CallResult::Queued;
}

CallResult SessionShared::authenticate(std::string token) {
  if (!client_->acceptsThisThread()) {
    return CallResult::WrongThread;
  }
  if (!core::isValidUtf8(core::asBytes(token))) {
    return CallResult::InvalidUtf8;
  }
  if (!fitsHead(token)) {
    return CallResult::TooLarge;
  }
  client_->post(std::make_unique<SessionPost>(AuthenticatePost{std::move(token)}), false);
  return CallResult::Queued;
}

}  // namespace tidewire::internal
