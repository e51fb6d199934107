// The clients behind JavaScript's, and the way of their events.

#include "exchange.hpp"
#include "handles.hpp"

using exchange::emit;
using exchange::Kind;
using exchange::ParsedOptions;

namespace {

/// `parsed.options` with the functions that lead to JavaScript.
tidewire::Options optionsFor(ClientHandle* handle, ParsedOptions parsed) {
  if (parsed.endpoint) {
    parsed.options.endpoint = [handle](const tidewire::EndpointRequest& request) {
      handle->request = request;
      emit(Kind::Endpoint, handle, 0, request);
    };
  }
  if (parsed.sink) {
    parsed.options.log.sink = [handle](const tidewire::LogRecord& record) { emit(Kind::Log, handle, 0, record); };
  }
  return std::move(parsed.options);
}

}  // namespace

JsClient::JsClient(tidewire::Options options, const void* handle)
    : DirectClient(std::move(options), tidewire::binding::platformLoop()), handle_(handle) {}

void JsClient::onMessage(const tidewire::Message& message) {
  tidewire_js_message(handle_, tidewire::binding::slotOf(message));
}

void JsClient::onEvent(const tidewire::binding::Event& event) {
  tidewire::binding::dispatch(event, [this](const auto& each) {
    if constexpr (requires { exchange::kindForClient(each); }) {
      emit(exchange::kindForClient(each), handle_, 0, each);
    }
  });
}

ClientHandle::ClientHandle(ParsedOptions parsed)
    : owned(std::make_shared<JsClient>(optionsFor(this, std::move(parsed)), this)), peer(*owned) {}
