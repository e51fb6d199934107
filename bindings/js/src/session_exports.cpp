// What the JavaScript package calls of sessions, and is called by. Subscriptions and calls are known by numbers that
// JavaScript gives them.

#include <emscripten/em_macros.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "binding_support.hpp"
#include "exchange.hpp"
#include "tidewire/session.hpp"

using exchange::builder;
using exchange::HeldText;
using exchange::inMilliseconds;
using exchange::slotOf;
using exchange::textOf;
using exchange::Wanted;

/// One Session of JavaScript's.
struct SessionHandle {
  explicit SessionHandle(Wanted wanted);

  tidewire::Session session;
  // The question of the newest attempt, until it is answered. The ones before it are of no effect any more.
  std::optional<tidewire::TokenRequest> question;
  std::unordered_map<double, tidewire::Subscription> subscriptions;
  std::unordered_map<double, tidewire::Request> requests;
};

// session.js defines these.
extern "C" {
void tidewire_js_session_open(SessionHandle* handle, std::uint32_t subprotocolSlot, double attempt, double reconnects,
                              double handshakeMs, double endpointMs, int resumed);
/// For the next call that tells of an error.
void tidewire_js_session_error_info(std::uint32_t codeSlot, std::uint32_t messageSlot, int temporary);
void tidewire_js_session_error(SessionHandle* handle);
void tidewire_js_session_token(SessionHandle* handle, double attempt, int hasLastClose, int hasRefusal);
/// `kind`: 1 text, 0 bytes; negative: there is no body. A negative time says that there is none.
void tidewire_js_session_event(SessionHandle* handle, double id, double seq, double timeMs, double skipped, int kind,
                               std::uint32_t bodySlot);
void tidewire_js_session_gap(SessionHandle* handle, double id, int hasRange, double from, double to);
void tidewire_js_session_subscribed(SessionHandle* handle, double id, std::uint32_t epochSlot, double seq);
void tidewire_js_session_end(SessionHandle* handle, double id);
/// A negative `seq` says that there is none.
void tidewire_js_session_ack(SessionHandle* handle, double id, int outcome, double seq, int hasError);
void tidewire_js_session_reply(SessionHandle* handle, double id, int hasError, int kind, std::uint32_t bodySlot);
}

namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

/// A body as JavaScript is told of it.
struct BodySlot {
  explicit BodySlot(const tidewire::Body& body) {
    if (const tidewire::Message* message = tidewire::binding::messageOf(body)) {
      kind = message->isText() ? 1 : 0;
      slot = tidewire::binding::slotOf(*message);
    }
  }

  int kind = -1;
  std::uint32_t slot = 0;
};

/// Takes the slot.
tidewire::Message bodyOf(std::uint32_t slot, int isText) {
  return tidewire::binding::messageOfSlot(isText != 0 ? tidewire::MessageKind::Text : tidewire::MessageKind::Binary,
                                          slot);
}

/// Tells what the next call to JavaScript is about.
void tellError(const tidewire::SessionError& error) {
  const HeldText code(error.code);
  const HeldText message(error.message);
  tidewire_js_session_error_info(code.slot(), message.slot(), error.temporary ? 1 : 0);
}

void askToken(SessionHandle* handle, const tidewire::TokenRequest& request) {
  handle->question = request;
  if (request.lastClose()) {
    exchange::tellClose(*request.lastClose());
  }
  if (request.refusal()) {
    tellError(*request.refusal());
  }
  tidewire_js_session_token(handle, static_cast<double>(request.attempt()), request.lastClose() ? 1 : 0,
                            request.refusal() ? 1 : 0);
}

/// Takes the question of that attempt, unless it is answered or out of date.
std::optional<tidewire::TokenRequest> takeQuestion(SessionHandle* handle, double attempt) {
  if (!handle->question || static_cast<double>(handle->question->attempt()) != attempt) {
    return std::nullopt;
  }
  return std::exchange(handle->question, std::nullopt);
}

/// `wanted` with the functions that lead to JavaScript.
tidewire::Session makeSession(SessionHandle* handle, Wanted wanted) {
  if (wanted.token) {
    wanted.session.token = [handle](const tidewire::TokenRequest& request) { askToken(handle, request); };
  }
  if (wanted.log) {
    wanted.options.log.sink = exchange::sinkOf(handle);
  }
  return tidewire::Session(std::move(wanted.options), std::move(wanted.session));
}

void tellEvent(SessionHandle* handle, double id, const tidewire::Event& event) {
  const BodySlot body(event.body);
  const double time = event.time ? static_cast<double>(event.time->count()) : -1;
  tidewire_js_session_event(handle, id, static_cast<double>(event.seq), time, static_cast<double>(event.skipped),
                            body.kind, body.slot);
}

tidewire::SubscriptionHandlers handlersFor(SessionHandle* handle, double id) {
  return {.onEvent = [handle, id](const tidewire::Event& event) { tellEvent(handle, id, event); },
          .onGap =
              [handle, id](const tidewire::Gap& gap) {
                tidewire_js_session_gap(handle, id, gap.hasRange ? 1 : 0, static_cast<double>(gap.from),
                                        static_cast<double>(gap.to));
              },
          .onSubscribed =
              [handle, id](const tidewire::SubscribedInfo& info) {
                const HeldText epoch(info.position.epoch);
                tidewire_js_session_subscribed(handle, id, epoch.slot(), static_cast<double>(info.position.seq));
              },
          .onEnd =
              [handle, id](const tidewire::SubscriptionEnd& end) {
                tellError(end.error);
                tidewire_js_session_end(handle, id);
              }};
}

void tellAck(SessionHandle* handle, double id, const tidewire::Ack& ack) {
  const bool hasError = !ack.error.code.empty();
  if (hasError) {
    tellError(ack.error);
  }
  tidewire_js_session_ack(handle, id, static_cast<int>(ack.outcome), ack.seq ? static_cast<double>(*ack.seq) : -1,
                          hasError ? 1 : 0);
}

void tellReply(SessionHandle* handle, double id, const tidewire::Reply& reply) {
  // First: JavaScript may end the session.
  handle->requests.erase(id);
  const BodySlot body(reply.body);
  if (reply.error) {
    tellError(*reply.error);
  }
  tidewire_js_session_reply(handle, id, reply.error ? 1 : 0, body.kind, body.slot);
}

const tidewire::Subscription& subscriptionOf(const SessionHandle* handle, double id) {
  return handle->subscriptions.find(id)->second;
}

}  // namespace

SessionHandle::SessionHandle(Wanted wanted) : session(makeSession(this, std::move(wanted))) {
  exchange::tellCommonEvents(session, this);
  session.onOpen([this](const tidewire::Opened& opened) {
    const HeldText subprotocol(opened.subprotocol);
    tidewire_js_session_open(this, subprotocol.slot(), static_cast<double>(opened.attempt),
                             static_cast<double>(opened.reconnects), inMilliseconds(opened.handshakeTime),
                             inMilliseconds(opened.times.endpoint), opened.resumed ? 1 : 0);
  });
  session.onError([this](const tidewire::SessionError& error) {
    tellError(error);
    tidewire_js_session_error(this);
  });
}

extern "C" {

EMSCRIPTEN_KEEPALIVE SessionHandle* tidewire_session_new() {
  return new SessionHandle(builder().take());
}

EMSCRIPTEN_KEEPALIVE void tidewire_session_delete(SessionHandle* handle) {
  delete handle;
}

EMSCRIPTEN_KEEPALIVE int tidewire_session_state(const SessionHandle* handle) {
  return static_cast<int>(handle->session.state());
}

EMSCRIPTEN_KEEPALIVE int tidewire_session_connect(SessionHandle* handle) {
  return static_cast<int>(handle->session.connect());
}

EMSCRIPTEN_KEEPALIVE std::uint32_t tidewire_session_connect_fault(const SessionHandle* handle) {
  return slotOf(handle->session.connectFault());
}

EMSCRIPTEN_KEEPALIVE int tidewire_session_close(SessionHandle* handle, int code, std::uint32_t reasonSlot) {
  const std::string reason = textOf(reasonSlot);
  return static_cast<int>(handle->session.close(static_cast<std::uint16_t>(code), reason));
}

EMSCRIPTEN_KEEPALIVE int tidewire_session_reconnect(SessionHandle* handle) {
  return static_cast<int>(handle->session.reconnect());
}

EMSCRIPTEN_KEEPALIVE int tidewire_session_heartbeat(SessionHandle* handle) {
  return static_cast<int>(handle->session.heartbeat());
}

EMSCRIPTEN_KEEPALIVE const double* tidewire_session_stats(const SessionHandle* handle) {
  return exchange::numbersOf(handle->session.stats());
}

EMSCRIPTEN_KEEPALIVE std::uint32_t tidewire_session_flight_record(const SessionHandle* handle) {
  return slotOf(handle->session.flightRecord());
}

// NaN: nobody knows.
EMSCRIPTEN_KEEPALIVE double tidewire_session_server_time(const SessionHandle* handle) {
  const auto time = handle->session.serverTime();
  return time ? static_cast<double>(time->count()) : kNothing;
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
  handle->subscriptions.emplace(id, handle->session.subscribe(channel, std::move(options), handlersFor(handle, id)));
}

EMSCRIPTEN_KEEPALIVE void tidewire_session_unsubscribe(SessionHandle* handle, double id) {
  handle->subscriptions.erase(id);
}

EMSCRIPTEN_KEEPALIVE int tidewire_session_is_live(const SessionHandle* handle, double id) {
  return subscriptionOf(handle, id).isLive() ? 1 : 0;
}

// Negative: there is no position.
EMSCRIPTEN_KEEPALIVE double tidewire_session_position_seq(const SessionHandle* handle, double id) {
  const auto position = subscriptionOf(handle, id).position();
  return position ? static_cast<double>(position->seq) : -1;
}

EMSCRIPTEN_KEEPALIVE std::uint32_t tidewire_session_position_epoch(const SessionHandle* handle, double id) {
  return slotOf(subscriptionOf(handle, id).position().value_or(tidewire::ChannelPosition{}).epoch);
}

// NaN: nobody knows.
EMSCRIPTEN_KEEPALIVE double tidewire_session_age(const SessionHandle* handle, double id) {
  const auto age = subscriptionOf(handle, id).age();
  return age ? static_cast<double>(age->count()) : kNothing;
}

// An `id` of 0 wants no acknowledgement.
EMSCRIPTEN_KEEPALIVE int tidewire_session_publish(SessionHandle* handle, double id, std::uint32_t channelSlot,
                                                  std::uint32_t bodySlot, int isText, int resend) {
  const std::string channel = textOf(channelSlot);
  const tidewire::Message body = bodyOf(bodySlot, isText);
  const tidewire::PublishOptions options{.ack = id != 0, .resend = resend != 0};
  tidewire::Callback<const tidewire::Ack&> done;
  if (options.ack) {
    done = [handle, id](const tidewire::Ack& ack) { tellAck(handle, id, ack); };
  }
  return static_cast<int>(body.isText()
                              ? handle->session.publish(channel, body.text(), options, std::move(done))
                              : handle->session.publishBytes(channel, body.bytes(), options, std::move(done)));
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
  const auto done = [handle, id](const tidewire::Reply& reply) { tellReply(handle, id, reply); };
  tidewire::Request request = body.isText() ? handle->session.request(method, body.text(), options, done)
                                            : handle->session.requestBytes(method, body.bytes(), options, done);
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

EMSCRIPTEN_KEEPALIVE int tidewire_session_authenticate(SessionHandle* handle, std::uint32_t tokenSlot) {
  return static_cast<int>(handle->session.authenticate(textOf(tokenSlot)));
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
