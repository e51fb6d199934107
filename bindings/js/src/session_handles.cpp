// The sessions behind JavaScript's, and the way of their events and answers.

#include "exchange.hpp"
#include "handles.hpp"

using exchange::emit;
using exchange::Kind;
using exchange::ParsedOptions;

namespace {

/// `parsed` with the functions that lead to JavaScript.
ParsedOptions withFunctions(SessionHandle* handle, ParsedOptions parsed) {
  if (parsed.token) {
    parsed.session.token = [handle](const tidewire::TokenRequest& request) {
      handle->request = request;
      emit(Kind::Token, handle, 0, request);
    };
  }
  if (parsed.sink) {
    parsed.options.log.sink = [handle](const tidewire::LogRecord& record) { emit(Kind::Log, handle, 0, record); };
  }
  return parsed;
}

template <class Event>
void emitTo(SessionHandle* handle, double id, const Event& event) {
  emit(exchange::kindForSubscription(event), handle, id, event);
}

}  // namespace

JsSession::JsSession(ParsedOptions parsed, const void* handle)
    : DirectSession(std::move(parsed.options), std::move(parsed.session), tidewire::binding::platformLoop()),
      handle_(handle) {}

void JsSession::onEvent(const tidewire::binding::Event& event) {
  tidewire::binding::dispatch(event, [this](const auto& each) {
    if constexpr (requires { exchange::kindForSession(each); }) {
      emit(exchange::kindForSession(each), handle_, 0, each);
    }
  });
}

std::optional<std::chrono::milliseconds> JsSubscription::age() const {
  return handle_->peer.front().ageOf(*this);
}

void JsSubscription::onEvent(const tidewire::Event& event) {
  emitTo(handle_, id_, event);
}

void JsSubscription::onGap(const tidewire::Gap& gap) {
  emitTo(handle_, id_, gap);
}

void JsSubscription::onSubscribed(const tidewire::SubscribedInfo& info) {
  emitTo(handle_, id_, info);
}

void JsSubscription::onEnd(const tidewire::SubscriptionEnd& end) {
  emitTo(handle_, id_, end);
}

void JsCall::onAck(const tidewire::Ack& ack) {
  emit(Kind::Ack, handle_, id_, ack);
}

void JsCall::onReply(const tidewire::Reply& reply) {
  handle_->requests.erase(SessionHandle::keyOf(id_));  // First: JavaScript may end the session.
  emit(Kind::Reply, handle_, id_, reply);
}

SessionHandle::SessionHandle(ParsedOptions parsed)
    : owned(std::make_shared<JsSession>(withFunctions(this, std::move(parsed)), this)), peer(*owned) {}

namespace tidewire::internal {

bool programHasLayers() noexcept {
  return true;
}

}  // namespace tidewire::internal
