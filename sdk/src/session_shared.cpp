#include "session_shared.hpp"

#include <algorithm>
#include <functional>

#include "core/bytes.hpp"
#include "core/utf8.hpp"
#include "endpoint_question.hpp"
#include "session_layer.hpp"

namespace tidewire::internal {
namespace {

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

}  // namespace

SessionShared::SessionShared(Options options, SessionOptions session, std::shared_ptr<Loop> loop)
    : fault_(core::findSessionFault(options, session)), state_(std::make_shared<SessionState>(session.outbox)) {
  const SessionLayer::Settings settings{
      .maxMessageBytes = options.maxMessageBytes,
      .batchDelay = std::min<std::chrono::milliseconds>(session.outbox.batchDelay, kLongestTimeout),
      .allowedHosts = std::move(session.allowedHosts),
      .random = [loop] { return loop->randomSeed(); }};
  const auto makeLayer = [settings, state = state_](LayerHost& host) -> std::unique_ptr<ClientLayer> {
    return std::make_unique<SessionLayer>(host, state, settings);
  };
  options.subprotocols = {"tidewire.v1"};
  options.endpoint = session.token ? askToken(std::move(session.token), state_) : Callback<EndpointRequest>();
  client_ = std::make_shared<ClientShared>(std::move(options), std::move(loop), makeLayer);
}

ConnectResult SessionShared::connect() {
  return fault_ && client_->acceptsThisThread() ? fault_.result : client_->connect();
}

core::OptionsFault SessionShared::fault() const {
  return fault_ ? fault_ : client_->fault();
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
