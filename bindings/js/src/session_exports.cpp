// What the JavaScript package calls of sessions, besides what described.cpp exports.

#include <emscripten/em_macros.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "binding_support.hpp"
#include "exchange.hpp"
#include "handles.hpp"

using exchange::ParsedOptions;
using exchange::textOf;

namespace {

/// Takes the slot.
tidewire::Message bodyOf(std::uint32_t slot, int isText) {
  return tidewire::binding::messageOfSlot(isText != 0 ? tidewire::MessageKind::Text : tidewire::MessageKind::Binary,
                                          slot);
}

std::span<const std::byte> bytesOf(const tidewire::Message& body) {
  return body.isText() ? std::as_bytes(std::span(body.text())) : body.bytes();
}

/// Takes the request of that attempt, unless it is answered or out of date.
std::optional<tidewire::TokenRequest> takeRequest(SessionHandle* handle, double attempt) {
  if (!handle->request || static_cast<double>(handle->request->attempt()) != attempt) {
    return std::nullopt;
  }
  return std::exchange(handle->request, std::nullopt);
}

}  // namespace

extern "C" {

EMSCRIPTEN_KEEPALIVE SessionHandle* tidewire_session_new(ParsedOptions* parsed) {
  return new SessionHandle(exchange::take(parsed));
}

EMSCRIPTEN_KEEPALIVE void tidewire_session_delete(SessionHandle* handle) {
  delete handle;
}

// Without `hasSince`, `epochSlot` is 0.
EMSCRIPTEN_KEEPALIVE void tidewire_session_subscribe(SessionHandle* handle, double id, std::uint32_t channelSlot,
                                                     int conflate, double replay, int hasSince, std::uint32_t epochSlot,
                                                     double seq) {
  std::string channel = textOf(channelSlot);
  tidewire::SubscribeOptions options{.conflate = conflate != 0, .replay = static_cast<std::uint64_t>(replay)};
  std::string epoch = textOf(epochSlot);
  if (hasSince != 0) {
    options.since = tidewire::ChannelPosition{std::move(epoch), static_cast<std::uint64_t>(seq)};
  }
  auto subscription = std::make_shared<JsSubscription>(handle, id, std::move(channel), options.conflate);
  handle->subscriptions.add(SessionHandle::keyOf(id), subscription);
  handle->peer.front().subscribe(std::move(subscription), std::move(options));
}

EMSCRIPTEN_KEEPALIVE void tidewire_session_unsubscribe(SessionHandle* handle, double id) {
  if (const auto* found = handle->subscriptions.find(SessionHandle::keyOf(id))) {
    const std::shared_ptr<JsSubscription> subscription = *found;
    handle->subscriptions.erase(SessionHandle::keyOf(id));
    (void)subscription->end();
    handle->peer.front().unsubscribe(subscription);
  }
}

// An `id` of 0 wants no acknowledgement.
EMSCRIPTEN_KEEPALIVE int tidewire_session_publish(SessionHandle* handle, double id, std::uint32_t channelSlot,
                                                  std::uint32_t bodySlot, int isText, int resend) {
  const std::string channel = textOf(channelSlot);
  const tidewire::Message body = bodyOf(bodySlot, isText);
  const tidewire::PublishOptions options{.ack = id != 0, .resend = resend != 0};
  auto call = options.ack ? std::make_shared<JsCall>(handle, id) : nullptr;
  return static_cast<int>(handle->peer.front().publish(channel, body.kind(), bytesOf(body), options, std::move(call)));
}

// A negative `timeoutMs` is the default. `waitedMs`, how long the call was pending, counts.
EMSCRIPTEN_KEEPALIVE int tidewire_session_request(SessionHandle* handle, double id, std::uint32_t methodSlot,
                                                  std::uint32_t bodySlot, int isText, double timeoutMs, int idempotent,
                                                  double waitedMs) {
  const std::string method = textOf(methodSlot);
  const tidewire::Message body = bodyOf(bodySlot, isText);
  tidewire::RequestOptions options{.idempotent = idempotent != 0};
  if (timeoutMs >= 0) {
    options.timeout = exchange::milliseconds(timeoutMs);
  }
  if (options.timeout > options.timeout.zero()) {
    // Not zero, which is no limit.
    options.timeout = std::max(options.timeout - exchange::milliseconds(waitedMs), std::chrono::milliseconds(1));
  }
  const auto call = std::make_shared<JsCall>(handle, id);
  const tidewire::CallResult result = handle->peer.front().request(method, body.kind(), bytesOf(body), options, call);
  if (result == tidewire::CallResult::Queued) {
    handle->requests.add(SessionHandle::keyOf(id), call);
  }
  return static_cast<int>(result);
}

EMSCRIPTEN_KEEPALIVE void tidewire_session_cancel(SessionHandle* handle, double id) {
  if (const auto* found = handle->requests.find(SessionHandle::keyOf(id))) {
    const std::shared_ptr<JsCall> call = *found;
    handle->requests.erase(SessionHandle::keyOf(id));
    (void)call->cancel();
    handle->peer.front().cancel(call);
  }
}

// An empty URL is the one of the options.
EMSCRIPTEN_KEEPALIVE void tidewire_session_token_answer(SessionHandle* handle, double attempt, std::uint32_t tokenSlot,
                                                        std::uint32_t urlSlot) {
  std::string token = textOf(tokenSlot);
  std::string url = textOf(urlSlot);
  if (const auto request = takeRequest(handle, attempt)) {
    if (url.empty()) {
      request->answer(std::move(token));
    } else {
      request->answer(std::move(token), std::move(url));
    }
  }
}

EMSCRIPTEN_KEEPALIVE void tidewire_session_token_fail(SessionHandle* handle, double attempt, std::uint32_t whySlot) {
  const std::string why = textOf(whySlot);
  if (const auto request = takeRequest(handle, attempt)) {
    request->fail(why);
  }
}
}
