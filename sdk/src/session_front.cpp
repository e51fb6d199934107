#include "session_front.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

#include "core/bytes.hpp"
#include "core/utf8.hpp"
#include "pending_endpoint.hpp"
#include "session_commands.hpp"
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
  PendingEndpoint::of(request).answer(std::move(endpoint),
                                      std::make_unique<SessionCommand>(AuthenticateCommand{std::move(token)}));
}

/// Makes the token function an `Options::endpoint`: called before every attempt, wherever callbacks run.
Callback<EndpointRequest> requestToken(Callback<TokenRequest> token, std::shared_ptr<SessionState> state) {
  return [token = std::move(token), state = std::move(state)](const EndpointRequest& request) {
    token(TokenRequest(request, &answerToken, state->refusal()));
  };
}

core::protocol::BodyType bodyType(MessageKind kind) {
  return kind == MessageKind::Text ? core::protocol::BodyType::Text : core::protocol::BodyType::Bytes;
}

std::string copyOf(std::span<const std::byte> body) {
  return {reinterpret_cast<const char*>(body.data()), body.size()};
}

MakeLayer layerMaker(const Options& options, SessionOptions& session, std::shared_ptr<SessionState> state,
                     std::shared_ptr<Loop> loop) {
  const SessionLayer::Settings settings{
      .maxMessageBytes = options.maxMessageBytes,
      .batchDelay = std::min<std::chrono::milliseconds>(session.outbox.batchDelay, kLongestTimeout),
      .allowedHosts = std::move(session.allowedHosts),
      .random = [loop = std::move(loop)] { return loop->randomSeed(); }};
  return [settings, state = std::move(state)](LayerHost& host) -> std::unique_ptr<ClientLayer> {
    return std::make_unique<SessionLayer>(host, state, settings);
  };
}

}  // namespace

SessionSetup::SessionSetup(Options options, SessionOptions session, const std::shared_ptr<Loop>& loop)
    : state(std::make_shared<SessionState>(session.outbox)),
      client(std::move(options)),
      makeLayer(layerMaker(client, session, state, loop)) {
  client.subprotocols = {"tidewire.v1"};
  client.endpoint = session.token ? requestToken(std::move(session.token), state) : Callback<EndpointRequest>();
}

void SessionFront::subscribe(std::shared_ptr<Subscriber> subscriber, SubscribeOptions options) {
  if (client_.acceptsThisThread()) {
    client_.post(std::make_unique<SessionCommand>(SubscribeCommand{std::move(subscriber), std::move(options)}), false);
  }
}

void SessionFront::unsubscribe(std::shared_ptr<Subscriber> subscriber) {
  client_.post(std::make_unique<SessionCommand>(UnsubscribeCommand{std::move(subscriber)}), false);
}

CallResult SessionFront::publish(std::string_view channel, MessageKind kind, std::span<const std::byte> body,
                                 const PublishOptions& options, std::shared_ptr<Caller> caller) {
  return call({.kind = core::protocol::Call::Kind::Publish,
               .target = std::string(channel),
               .type = bodyType(kind),
               .body = copyOf(body),
               .ack = options.ack,
               .resend = options.resend},
              std::move(caller));
}

CallResult SessionFront::request(std::string_view method, MessageKind kind, std::span<const std::byte> body,
                                 const RequestOptions& options, std::shared_ptr<Caller> caller) {
  return call({.kind = core::protocol::Call::Kind::Request,
               .target = std::string(method),
               .type = bodyType(kind),
               .body = copyOf(body),
               .idempotent = options.idempotent,
               .timeout = std::min<std::chrono::milliseconds>(options.timeout, kLongestTimeout)},
              std::move(caller));
}

void SessionFront::cancel(std::shared_ptr<Caller> caller) {
  client_.post(std::make_unique<SessionCommand>(CancelCommand{std::move(caller)}), false);
}

CallResult SessionFront::call(core::protocol::Call call, std::shared_ptr<Caller> caller) {
  if (!client_.acceptsThisThread()) {
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
  if (!client_.post(std::make_unique<SessionCommand>(CallCommand{std::move(call), std::move(caller)}), true)) {
    state_->release(bytes);
    return CallResult::Closed;
  }
  return CallResult::Queued;
}

CallResult SessionFront::authenticate(std::string token) {
  if (!client_.acceptsThisThread()) {
    return CallResult::WrongThread;
  }
  if (!core::isValidUtf8(core::asBytes(token))) {
    return CallResult::InvalidUtf8;
  }
  if (!fitsHead(token)) {
    return CallResult::TooLarge;
  }
  client_.post(std::make_unique<SessionCommand>(AuthenticateCommand{std::move(token)}), false);
  return CallResult::Queued;
}

std::optional<std::chrono::milliseconds> SessionFront::ageOf(const Subscriber& subscriber) const {
  const auto now = serverTime();
  const auto last = subscriber.lastTime();
  return now && last ? std::optional(*now - *last) : std::nullopt;
}

}  // namespace tidewire::internal
