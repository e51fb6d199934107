// What the JavaScript package calls of clients, besides what described.cpp exports.

#include <emscripten/em_macros.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "binding_support.hpp"
#include "exchange.hpp"
#include "handles.hpp"

using exchange::Kind;
using exchange::report;
using exchange::textOf;
using exchange::Wanted;

namespace {

/// `wanted.options` with the functions that lead to JavaScript.
tidewire::Options optionsFor(ClientHandle* handle, Wanted wanted) {
  if (wanted.endpoint) {
    wanted.options.endpoint = [handle](const tidewire::EndpointRequest& request) {
      handle->question = request;
      report(Kind::Endpoint, handle, 0, request);
    };
  }
  if (wanted.sink) {
    wanted.options.log.sink = [handle](const tidewire::LogRecord& record) { report(Kind::Log, handle, 0, record); };
  }
  return std::move(wanted.options);
}

/// Takes the question of that attempt, unless it is answered or out of date.
std::optional<tidewire::EndpointRequest> takeQuestion(ClientHandle* handle, double attempt) {
  if (!handle->question || static_cast<double>(handle->question->attempt()) != attempt) {
    return std::nullopt;
  }
  return std::exchange(handle->question, std::nullopt);
}

}  // namespace

ClientHandle::ClientHandle(Wanted wanted) : peer(optionsFor(this, std::move(wanted))) {
  exchange::listen(peer, this);
}

extern "C" {

// Options are given one by one, and then taken by what they are for.
EMSCRIPTEN_KEEPALIVE Wanted* tidewire_options_new() {
  return new Wanted();
}

EMSCRIPTEN_KEEPALIVE void tidewire_option_number(Wanted* wanted, int option, double value) {
  exchange::setNumber(*wanted, option, value);
}

EMSCRIPTEN_KEEPALIVE void tidewire_option_text(Wanted* wanted, int option, std::uint32_t slot) {
  exchange::setText(*wanted, option, textOf(slot));
}

EMSCRIPTEN_KEEPALIVE ClientHandle* tidewire_client_new(Wanted* wanted) {
  return new ClientHandle(exchange::take(wanted));
}

EMSCRIPTEN_KEEPALIVE void tidewire_client_delete(ClientHandle* handle) {
  delete handle;
}

// A negative `whenNotOpen` leaves it to the options.
EMSCRIPTEN_KEEPALIVE int tidewire_client_send(ClientHandle* handle, std::uint32_t slot, int isText,
                                              std::size_t sizeBytes, int whenNotOpen) {
  const auto kind = isText != 0 ? tidewire::MessageKind::Text : tidewire::MessageKind::Binary;
  tidewire::SendOptions options;
  if (whenNotOpen >= 0) {
    options.whenNotOpen = static_cast<tidewire::WhenNotOpen>(whenNotOpen);
  }
  return static_cast<int>(tidewire::binding::sendSlot(handle->peer, kind, slot, sizeBytes, options));
}

// Answers with the URL and the subprotocols of `wanted`.
EMSCRIPTEN_KEEPALIVE void tidewire_endpoint_answer(ClientHandle* handle, double attempt, Wanted* wanted) {
  tidewire::Options options = exchange::take(wanted).options;
  if (const auto question = takeQuestion(handle, attempt)) {
    question->answer({.url = std::move(options.url), .subprotocols = std::move(options.subprotocols)});
  }
}

EMSCRIPTEN_KEEPALIVE void tidewire_endpoint_fail(ClientHandle* handle, double attempt, std::uint32_t whySlot) {
  const std::string why = textOf(whySlot);
  if (const auto question = takeQuestion(handle, attempt)) {
    question->fail(why);
  }
}
}
