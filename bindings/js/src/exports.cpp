// What the JavaScript package calls of clients, and is called by.

#include <emscripten/em_macros.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "binding_support.hpp"
#include "exchange.hpp"
#include "tidewire/client.hpp"

using exchange::builder;
using exchange::HeldText;
using exchange::inMilliseconds;
using exchange::numbersOf;
using exchange::slotOf;
using exchange::textOf;
using exchange::Wanted;

/// One Client of JavaScript's.
struct ClientHandle {
  explicit ClientHandle(Wanted wanted);

  tidewire::Client client;
  // The question of the newest attempt, until it is answered. The ones before it are of no effect any more.
  std::optional<tidewire::EndpointRequest> question;
};

// client.js defines these.
extern "C" {
void tidewire_js_client_open(ClientHandle* handle, std::uint32_t subprotocolSlot, double attempt, double reconnects,
                             double handshakeMs, double endpointMs);
void tidewire_js_client_message(ClientHandle* handle, std::uint32_t slot);
void tidewire_js_client_dropped(ClientHandle* handle, int reason, double messages, double bytes);
void tidewire_js_client_drain(ClientHandle* handle, double bufferedAmount);
void tidewire_js_client_endpoint(ClientHandle* handle, double attempt, int hasLastClose);
}

namespace {

void askEndpoint(ClientHandle* handle, const tidewire::EndpointRequest& request) {
  handle->question = request;
  if (request.lastClose()) {
    exchange::tellClose(*request.lastClose());
  }
  tidewire_js_client_endpoint(handle, static_cast<double>(request.attempt()), request.lastClose() ? 1 : 0);
}

/// Takes the question of that attempt, unless it is answered or out of date.
std::optional<tidewire::EndpointRequest> takeQuestion(ClientHandle* handle, double attempt) {
  if (!handle->question || static_cast<double>(handle->question->attempt()) != attempt) {
    return std::nullopt;
  }
  return std::exchange(handle->question, std::nullopt);
}

/// `wanted.options` with the functions that lead to JavaScript.
tidewire::Options optionsFor(ClientHandle* handle, Wanted wanted) {
  if (wanted.endpoint) {
    wanted.options.endpoint = [handle](const tidewire::EndpointRequest& request) { askEndpoint(handle, request); };
  }
  if (wanted.log) {
    wanted.options.log.sink = exchange::sinkOf(handle);
  }
  return std::move(wanted.options);
}

}  // namespace

/// In the order of COUNTS in values.js; then the round trips, the endpoint's time in the last handshake, and the
/// endings and the reconnects by cause.
const double* exchange::numbersOf(const tidewire::Stats& stats) {
  static std::array<double, 19 + 2 * tidewire::kCloseCauseCount> numbers;
  auto next = numbers.begin();
  const auto put = [&next](auto number) { *next++ = static_cast<double>(number); };
  put(stats.attempts);
  put(stats.opens);
  put(stats.reconnects);
  put(stats.messagesSent);
  put(stats.bytesSent);
  put(stats.messagesReceived);
  put(stats.bytesReceived);
  put(stats.queuedMessages);
  put(stats.queuedBytes);
  put(stats.bufferedBytes);
  put(stats.deliveryEvents);
  put(stats.deliveryBytes);
  put(stats.droppedMessages);
  put(stats.droppedBytes);
  put(stats.unconfirmedMessages);
  const tidewire::RoundTrips trips = stats.roundTrips.value_or(tidewire::RoundTrips{});
  put(stats.roundTrips ? inMilliseconds(trips.last) : -1);
  put(inMilliseconds(trips.smoothed));
  put(inMilliseconds(trips.min));
  put(inMilliseconds(stats.lastHandshake.value_or(tidewire::HandshakeTimes{}).endpoint));
  for (const std::uint64_t endings : stats.endingsByCause) {
    put(endings);
  }
  for (const std::uint64_t reconnects : stats.reconnectsByCause) {
    put(reconnects);
  }
  return numbers.data();
}

ClientHandle::ClientHandle(Wanted wanted) : client(optionsFor(this, std::move(wanted))) {
  exchange::tellCommonEvents(client, this);
  client.onOpen([this](const tidewire::Opened& opened) {
    const HeldText subprotocol(opened.subprotocol);
    tidewire_js_client_open(this, subprotocol.slot(), static_cast<double>(opened.attempt),
                            static_cast<double>(opened.reconnects), inMilliseconds(opened.handshakeTime),
                            inMilliseconds(opened.times.endpoint));
  });
  client.onMessage([this](const tidewire::Message& message) {
    tidewire_js_client_message(this, tidewire::binding::slotOf(message));
  });
  client.onDropped([this](const tidewire::Dropped& dropped) {
    tidewire_js_client_dropped(this, static_cast<int>(dropped.reason), dropped.messages, dropped.bytes);
  });
  client.onDrain([this](const tidewire::Drained& drained) { tidewire_js_client_drain(this, drained.bufferedAmount); });
}

extern "C" {

EMSCRIPTEN_KEEPALIVE void tidewire_option_number(int option, double value) {
  builder().setNumber(option, value);
}

EMSCRIPTEN_KEEPALIVE void tidewire_option_text(int option, std::uint32_t slot) {
  builder().setText(option, textOf(slot));
}

EMSCRIPTEN_KEEPALIVE ClientHandle* tidewire_client_new() {
  return new ClientHandle(builder().take());
}

EMSCRIPTEN_KEEPALIVE void tidewire_client_delete(ClientHandle* handle) {
  delete handle;
}

EMSCRIPTEN_KEEPALIVE int tidewire_client_state(const ClientHandle* handle) {
  return static_cast<int>(handle->client.state());
}

EMSCRIPTEN_KEEPALIVE int tidewire_client_connect(ClientHandle* handle) {
  return static_cast<int>(handle->client.connect());
}

EMSCRIPTEN_KEEPALIVE std::uint32_t tidewire_client_connect_fault(const ClientHandle* handle) {
  return slotOf(handle->client.connectFault());
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
  return static_cast<int>(tidewire::binding::sendSlot(handle->client, kind, slot, sizeBytes, options, waited));
}

EMSCRIPTEN_KEEPALIVE double tidewire_client_buffered_amount(const ClientHandle* handle) {
  return handle->client.bufferedAmount();
}

EMSCRIPTEN_KEEPALIVE int tidewire_client_close(ClientHandle* handle, int code, std::uint32_t reasonSlot) {
  const std::string reason = textOf(reasonSlot);
  return static_cast<int>(handle->client.close(static_cast<std::uint16_t>(code), reason));
}

EMSCRIPTEN_KEEPALIVE int tidewire_client_reconnect(ClientHandle* handle) {
  return static_cast<int>(handle->client.reconnect());
}

EMSCRIPTEN_KEEPALIVE int tidewire_client_heartbeat(ClientHandle* handle) {
  return static_cast<int>(handle->client.heartbeat());
}

EMSCRIPTEN_KEEPALIVE int tidewire_client_pause(ClientHandle* handle) {
  return static_cast<int>(handle->client.pause());
}

EMSCRIPTEN_KEEPALIVE int tidewire_client_resume(ClientHandle* handle) {
  return static_cast<int>(handle->client.resume());
}

EMSCRIPTEN_KEEPALIVE const double* tidewire_client_stats(const ClientHandle* handle) {
  return numbersOf(handle->client.stats());
}

EMSCRIPTEN_KEEPALIVE std::uint32_t tidewire_client_flight_record(const ClientHandle* handle) {
  return slotOf(handle->client.flightRecord());
}

// Answers with what was set before: the URL and the subprotocols.
EMSCRIPTEN_KEEPALIVE void tidewire_endpoint_answer(ClientHandle* handle, double attempt) {
  tidewire::Options options = builder().take().options;
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
