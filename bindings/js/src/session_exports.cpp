// What the JavaScript package calls of sessions, besides what described.cpp exports.

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

/// Takes the slot.
tidewire::Message bodyOf(std::uint32_t slot, int isText) {
  return tidewire::binding::messageOfSlot(isText != 0 ? tidewire::MessageKind::Text : tidewire::MessageKind::Binary,
                                          slot);
}

/// `wanted` with the functions that lead to JavaScript.
tidewire::Session makeSession(SessionHandle* handle, Wanted wanted) {
  if (wanted.token) {
    wanted.session.token = [handle](const tidewire::TokenRequest& request) {
      handle->question = request;
      report(Kind::Token, handle, 0, request);
    };
  }
  if (wanted.sink) {
    wanted.options.log.sink = [handle](const tidewire::LogRecord& record) { report(Kind::Log, handle, 0, record); };
  }
  return tidewire::Session(std::move(wanted.options), std::move(wanted.session));
}

// Arguments rather than captures: with the request may go what calls this.
void reportReply(SessionHandle* handle, double id, const tidewire::Reply& reply) {
  // First: JavaScript may end the session.
  handle->requests.erase(id);
  report(Kind::Reply, handle, id, reply);
}

/// Takes the question of that attempt, unless it is answered or out of date.
std::optional<tidewire::TokenRequest> takeQuestion(SessionHandle* handle, double attempt) {
  if (!handle->question || static_cast<double>(handle->question->attempt()) != attempt) {
    return std::nullopt;
  }
  return std::exchange(handle->question, std::nullopt);
}

}  // namespace

SessionHandle::SessionHandle(Wanted wanted) : peer(makeSession(this, std::move(wanted))) {
  exchange::listen(peer, this);
}

extern "C" {

EMSCRIPTEN_KEEPALIVE SessionHandle* tidewire_session_new(Wanted* wanted) {
  return new SessionHandle(exchange::take(wanted));
}

EMSCRIPTEN_KEEPALIVE void tidewire_session_delete(SessionHandle* handle) {
  delete handle;
}

// Without `hasSince`, `epochSlot` is 0.
EMSCRIPTEN_KEEPALIVE void tidewire_session_subscribe(SessionHandle* handle, double id, std::uint32_t channelSlot,
                                                     int conflate, double replay, int hasSince, std::uint32_t epochSlot,
                                                     double seq) {
  const std::string channel = textOf(channelSlot);
  tidewire::SubscribeOptions options{.conflate = conflate != 0, .replay = static_cast<std::uint64_t>(replay)};
  std::string epoch = textOf(epochSlot);
  if (hasSince != 0) {
    options.since = tidewire::ChannelPosition{std::move(epoch), static_cast<std::uint64_t>(seq)};
  }
  handle->subscriptions.emplace(id,
                                handle->peer.subscribe(channel, std::move(options), exchange::handlersFor(handle, id)));
}

EMSCRIPTEN_KEEPALIVE void tidewire_session_unsubscribe(SessionHandle* handle, double id) {
  handle->subscriptions.erase(id);
}

// An `id` of 0 wants no acknowledgement.
EMSCRIPTEN_KEEPALIVE int tidewire_session_publish(SessionHandle* handle, double id, std::uint32_t channelSlot,
                                                  std::uint32_t bodySlot, int isText, int resend) {
  const std::string channel = textOf(channelSlot);
  const tidewire::Message body = bodyOf(bodySlot, isText);
  const tidewire::PublishOptions options{.ack = id != 0, .resend = resend != 0};
  tidewire::Callback<const tidewire::Ack&> done;
  if (options.ack) {
    done = [handle, id](const tidewire::Ack& ack) { report(Kind::Ack, handle, id, ack); };
  }
  return static_cast<int>(body.isText() ? handle->peer.publish(channel, body.text(), options, std::move(done))
                                        : handle->peer.publishBytes(channel, body.bytes(), options, std::move(done)));
}

EMSCRIPTEN_KEEPALIVE int tidewire_session_request(SessionHandle* handle, double id, std::uint32_t methodSlot,
                                                  std::uint32_t bodySlot, int isText, double timeoutMs,
                                                  int idempotent) {
  const std::string method = textOf(methodSlot);
  const tidewire::Message body = bodyOf(bodySlot, isText);
  const tidewire::RequestOptions options{.timeout = exchange::milliseconds(timeoutMs), .idempotent = idempotent != 0};
  const auto done = [handle, id](const tidewire::Reply& reply) { reportReply(handle, id, reply); };
  tidewire::Request request = body.isText() ? handle->peer.request(method, body.text(), options, done)
                                            : handle->peer.requestBytes(method, body.bytes(), options, done);
  const tidewire::CallResult result = request.result();
  if (result == tidewire::CallResult::Queued) {
    handle->requests.emplace(id, std::move(request));
  }
  return static_cast<int>(result);
}

EMSCRIPTEN_KEEPALIVE void tidewire_session_cancel(SessionHandle* handle, double id) {
  if (const auto found = handle->requests.find(id); found != handle->requests.end()) {
    found->second.cancel();
    handle->requests.erase(found);
  }
}

// An empty URL is the one of the options.
EMSCRIPTEN_KEEPALIVE void tidewire_session_token_answer(SessionHandle* handle, double attempt, std::uint32_t tokenSlot,
                                                        std::uint32_t urlSlot) {
  std::string token = textOf(tokenSlot);
  std::string url = textOf(urlSlot);
  if (const auto question = takeQuestion(handle, attempt)) {
    if (url.empty()) {
      question->answer(std::move(token));
    } else {
      question->answer(std::move(token), std::move(url));
    }
  }
}

EMSCRIPTEN_KEEPALIVE void tidewire_session_token_fail(SessionHandle* handle, double attempt, std::uint32_t whySlot) {
  const std::string why = textOf(whySlot);
  if (const auto question = takeQuestion(handle, attempt)) {
    question->fail(why);
  }
}
}
