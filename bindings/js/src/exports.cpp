// What the JavaScript package calls of clients, besides what described.cpp exports.

#include <emscripten/em_macros.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "binding_support.hpp"
#include "exchange.hpp"
#include "handles.hpp"

using exchange::ParsedOptions;
using exchange::textOf;

namespace {

/// Takes the request of that attempt, unless it is answered or out of date.
std::optional<tidewire::EndpointRequest> takeRequest(ClientHandle* handle, double attempt) {
  if (!handle->request || static_cast<double>(handle->request->attempt()) != attempt) {
    return std::nullopt;
  }
  return std::exchange(handle->request, std::nullopt);
}

}  // namespace

extern "C" {

// Options are given one by one, and then taken by what they are for.
EMSCRIPTEN_KEEPALIVE ParsedOptions* tidewire_options_new() {
  return new ParsedOptions();
}

EMSCRIPTEN_KEEPALIVE void tidewire_option_number(ParsedOptions* parsed, int option, double value) {
  exchange::setNumber(*parsed, option, value);
}

EMSCRIPTEN_KEEPALIVE void tidewire_option_text(ParsedOptions* parsed, int option, std::uint32_t slot) {
  exchange::setText(*parsed, option, textOf(slot));
}

EMSCRIPTEN_KEEPALIVE ClientHandle* tidewire_client_new(ParsedOptions* parsed) {
  return new ClientHandle(exchange::take(parsed));
}

EMSCRIPTEN_KEEPALIVE void tidewire_client_delete(ClientHandle* handle) {
  delete handle;
}

// A negative `whenNotOpen` leaves it to the options. A negative `waitedMs`: the message was not pending.
EMSCRIPTEN_KEEPALIVE int tidewire_client_send(ClientHandle* handle, std::uint32_t slot, int isText,
                                              std::size_t sizeBytes, int whenNotOpen, double waitedMs) {
  const auto kind = isText != 0 ? tidewire::MessageKind::Text : tidewire::MessageKind::Binary;
  tidewire::SendOptions options;
  if (whenNotOpen >= 0) {
    options.whenNotOpen = static_cast<tidewire::WhenNotOpen>(whenNotOpen);
  }
  const auto waited = waitedMs < 0 ? std::nullopt : std::optional(exchange::milliseconds(waitedMs));
  return static_cast<int>(tidewire::binding::sendSlot(handle->peer, kind, slot, sizeBytes, options, waited));
}

// Answers with the URL and the subprotocols of `parsed`.
EMSCRIPTEN_KEEPALIVE void tidewire_endpoint_answer(ClientHandle* handle, double attempt, ParsedOptions* parsed) {
  tidewire::Options options = exchange::take(parsed).options;
  if (const auto request = takeRequest(handle, attempt)) {
    request->answer({.url = std::move(options.url), .subprotocols = std::move(options.subprotocols)});
  }
}

EMSCRIPTEN_KEEPALIVE void tidewire_endpoint_fail(ClientHandle* handle, double attempt, std::uint32_t whySlot) {
  const std::string why = textOf(whySlot);
  if (const auto request = takeRequest(handle, attempt)) {
    request->fail(why);
  }
}
}
