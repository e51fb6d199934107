// What the JavaScript package calls and is called by. Numbers only: text and payloads cross as slots of glue.js's
// table. Counts, times and sizes are doubles, since JavaScript has no other number and none of them reaches 2^53.

#include <emscripten/em_macros.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "client_access.hpp"
#include "glue.hpp"
#include "message_access.hpp"
#include "payload_store.hpp"
#include "tidewire/tidewire.hpp"

using tidewire::internal::MessageAccess;
using tidewire::internal::PayloadStore;

/// What JavaScript wants of a client. Of its functions only that there are any: they stay on its side.
struct Wanted {
  tidewire::Options options;
  bool endpoint = false;
  bool log = false;
};

/// One Client of JavaScript's. Its address is its name on both sides.
struct ClientHandle {
  explicit ClientHandle(Wanted wanted);

  tidewire::Client client;
  // The question of the newest attempt, until it is answered. The ones before it are of no effect any more.
  std::optional<tidewire::EndpointRequest> question;
};

// tidewire.js defines these.
extern "C" {
void tidewire_js_client_state(ClientHandle* handle, int from, int to);
void tidewire_js_client_open(ClientHandle* handle, std::uint32_t subprotocolSlot, double attempt, double reconnects,
                             double handshakeMs, double endpointMs);
void tidewire_js_client_message(ClientHandle* handle, std::uint32_t slot);
/// For the next tidewire_js_client_close or tidewire_js_client_endpoint.
void tidewire_js_close_info(int cause, int code, std::uint32_t reasonSlot, std::uint32_t detailSlot, int wasOpen,
                            double retryInMs, double attempt, double droppedMessages, double unconfirmedMessages,
                            int neverOpened);
void tidewire_js_client_close(ClientHandle* handle);
void tidewire_js_client_heartbeat(ClientHandle* handle, double roundTripMs, double smoothedMs, double minMs);
void tidewire_js_client_dropped(ClientHandle* handle, int reason, double messages, double bytes);
void tidewire_js_client_drain(ClientHandle* handle, double bufferedAmount);
void tidewire_js_client_endpoint(ClientHandle* handle, double attempt, int hasLastClose);
void tidewire_js_client_log(ClientHandle* handle, int level, std::uint32_t clientSlot, std::uint32_t textSlot);
}

namespace {

/// Takes the slot.
std::string textOf(std::uint32_t slot) {
  return std::string(MessageAccess::ofSlot(tidewire::MessageKind::Text, slot, 0).text());
}

double inMilliseconds(std::chrono::microseconds time) {
  return static_cast<double>(time.count()) / 1000;
}

/// A negative time says that there is none.
double inMilliseconds(const std::optional<std::chrono::microseconds>& time) {
  return time ? inMilliseconds(*time) : -1;
}

/// For JavaScript, which releases it.
std::uint32_t slotOf(std::string_view text) {
  return tidewire_js_hold_text(text.data(), text.size());
}

/// Text that is held in the table for the length of a call.
class HeldText {
 public:
  explicit HeldText(std::string_view text) : slot_(slotOf(text)) {}
  HeldText(const HeldText&) = delete;
  HeldText& operator=(const HeldText&) = delete;
  ~HeldText() { tidewire_js_release(slot_); }

  [[nodiscard]] std::uint32_t slot() const { return slot_; }

 private:
  std::uint32_t slot_;
};

std::chrono::milliseconds milliseconds(double value) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(value));
}

std::size_t size(double value) {
  return static_cast<std::size_t>(std::min(value, double{std::numeric_limits<std::size_t>::max()}));
}

/// Tells what the next call to JavaScript is about.
void tellClose(const tidewire::CloseInfo& info) {
  const HeldText reason(info.reason);
  const HeldText detail(info.detail);
  // A negative wait says that no retry follows.
  const double retryIn = info.willRetry ? static_cast<double>(info.retryIn.count()) : -1;
  tidewire_js_close_info(static_cast<int>(info.cause), info.code, reason.slot(), detail.slot(), info.wasOpen ? 1 : 0,
                         retryIn, static_cast<double>(info.attempt), info.droppedMessages,
                         static_cast<double>(info.unconfirmedMessages), info.neverOpened ? 1 : 0);
}

void askEndpoint(ClientHandle* handle, const tidewire::EndpointRequest& request) {
  handle->question = request;
  if (request.lastClose()) {
    tellClose(*request.lastClose());
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
    wanted.options.log.sink = [handle](const tidewire::LogRecord& record) {
      const HeldText client(record.client);
      const HeldText text(record.text);
      tidewire_js_client_log(handle, static_cast<int>(record.level), client.slot(), text.slot());
    };
  }
  return std::move(wanted.options);
}

/// In the order of COUNTS in values.js; then the round trips, the endpoint's time in the last handshake, and the
/// endings and the reconnects by cause.
const double* numbersOf(const tidewire::Stats& stats) {
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

/// The options of the next client, or the next answer of an endpoint function, given one by one. The numbers are those
/// of OPTIONS in tidewire.js.
class OptionsBuilder {
 public:
  void setNumber(int option, double value) {
    tidewire::Options& options = wanted_.options;
    // clang-format off
    switch (option) {
      case 2: options.connectTimeout = milliseconds(value); break;
      case 3: options.closeTimeout = milliseconds(value); break;
      case 4: options.heartbeat.interval = milliseconds(value); break;
      case 5: options.heartbeat.timeout = milliseconds(value); break;
      case 8: options.reconnect.enabled = value != 0; break;
      case 9: options.reconnect.firstDelay = milliseconds(value); break;
      case 10: options.reconnect.maxDelay = milliseconds(value); break;
      case 11: options.reconnect.resetAfter = milliseconds(value); break;
      case 12: options.reconnect.finalCodes.push_back(static_cast<std::uint16_t>(value)); break;
      case 13: options.sendQueue.maxBytes = size(value); break;
      case 14: options.sendQueue.maxMessages = size(value); break;
      case 15: options.maxMessageBytes = size(value); break;
      case 17: options.heartbeat.silence = milliseconds(value); break;
      case 18: options.heartbeat.thawTimeout = milliseconds(value); break;
      case 19: options.heartbeat.onThaw = static_cast<tidewire::OnThaw>(value); break;
      case 20: options.reconnect.maxAttempts = size(value); break;
      case 21: options.sendQueue.maxAge = milliseconds(value); break;
      case 22: options.sendQueue.whenFull = static_cast<tidewire::WhenFull>(value); break;
      case 23: options.sendQueue.whenNotOpen = static_cast<tidewire::WhenNotOpen>(value); break;
      case 24: options.sendQueue.lowWaterBytes = size(value); break;
      case 25: options.deliveryQueueBytes = size(value); break;
      case 26: options.flightRecorder.entries = size(value); break;
      case 27: options.flightRecorder.payloadBytes = size(value); break;
      case 28: options.log.level = static_cast<tidewire::LogLevel>(value); break;
      case 29: wanted_.log = true; break;
      case 30: wanted_.endpoint = true; break;
      default: break;
    }
    // clang-format on
  }

  void setText(int option, std::string text) {
    tidewire::Options& options = wanted_.options;
    // clang-format off
    switch (option) {
      case 0: options.url = std::move(text); break;
      case 1: options.subprotocols.push_back(std::move(text)); break;
      case 6: options.heartbeat.message = std::move(text); break;
      case 7: options.heartbeat.answer = std::move(text); break;
      case 16: options.name = std::move(text); break;
      default: break;
    }
    // clang-format on
  }

  [[nodiscard]] Wanted take() { return std::exchange(wanted_, {}); }

 private:
  Wanted wanted_;
};

OptionsBuilder& builder() {
  static OptionsBuilder builder;
  return builder;
}

}  // namespace

ClientHandle::ClientHandle(Wanted wanted) : client(optionsFor(this, std::move(wanted))) {
  client.onStateChange([this](const tidewire::StateChange& change) {
    tidewire_js_client_state(this, static_cast<int>(change.from), static_cast<int>(change.to));
  });
  client.onOpen([this](const tidewire::Opened& opened) {
    const HeldText subprotocol(opened.subprotocol);
    tidewire_js_client_open(this, subprotocol.slot(), static_cast<double>(opened.attempt),
                            static_cast<double>(opened.reconnects), inMilliseconds(opened.handshakeTime),
                            inMilliseconds(opened.times.endpoint));
  });
  client.onMessage(
      [this](const tidewire::Message& message) { tidewire_js_client_message(this, MessageAccess::slot(message)); });
  client.onClose([this](const tidewire::CloseInfo& info) {
    tellClose(info);
    tidewire_js_client_close(this);
  });
  client.onHeartbeat([this](const tidewire::HeartbeatInfo& info) {
    tidewire_js_client_heartbeat(this, inMilliseconds(info.roundTrip), inMilliseconds(info.roundTrips.smoothed),
                                 inMilliseconds(info.roundTrips.min));
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

// A negative `whenNotOpen` leaves it to the options.
EMSCRIPTEN_KEEPALIVE int tidewire_client_send(ClientHandle* handle, std::uint32_t slot, int isText,
                                              std::size_t sizeBytes, int whenNotOpen) {
  const auto kind = isText != 0 ? tidewire::MessageKind::Text : tidewire::MessageKind::Binary;
  tidewire::SendOptions options;
  if (whenNotOpen >= 0) {
    options.whenNotOpen = static_cast<tidewire::WhenNotOpen>(whenNotOpen);
  }
  return static_cast<int>(tidewire::internal::ClientAccess::send(handle->client, sizeBytes,
                                                                 PayloadStore::ofSlot(kind, slot, sizeBytes), options));
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
