// What the JavaScript package calls and is called by. Numbers only: text and payloads cross as slots of glue.js's
// table. Counts, times and sizes are doubles, since JavaScript has no other number and none of them reaches 2^53.

#include <emscripten/em_macros.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
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

/// One Client of JavaScript's. Its address is its name on both sides.
struct ClientHandle {
  explicit ClientHandle(tidewire::Options options);

  tidewire::Client client;
};

// tidewire.js defines these.
extern "C" {
void tidewire_js_client_state(ClientHandle* handle, int from, int to);
void tidewire_js_client_open(ClientHandle* handle, std::uint32_t subprotocolSlot, double attempt, double reconnects,
                             double handshakeMs);
void tidewire_js_client_message(ClientHandle* handle, std::uint32_t slot);
void tidewire_js_client_close(ClientHandle* handle, int cause, int code, std::uint32_t reasonSlot,
                              std::uint32_t detailSlot, int wasOpen, double retryInMs, double attempt,
                              double droppedMessages);
void tidewire_js_client_heartbeat(ClientHandle* handle, double roundTripMs);
}

namespace {

/// Text that is held in the table for the length of a call.
class HeldText {
 public:
  explicit HeldText(std::string_view text) : slot_(tidewire_js_hold_text(text.data(), text.size())) {}
  HeldText(const HeldText&) = delete;
  HeldText& operator=(const HeldText&) = delete;
  ~HeldText() { tidewire_js_release(slot_); }

  [[nodiscard]] std::uint32_t slot() const { return slot_; }

 private:
  std::uint32_t slot_;
};

/// Takes the slot.
std::string textOf(std::uint32_t slot) {
  return std::string(MessageAccess::ofSlot(tidewire::MessageKind::Text, slot, 0).text());
}

double inMilliseconds(std::chrono::microseconds time) {
  return static_cast<double>(time.count()) / 1000;
}

std::chrono::milliseconds milliseconds(double value) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(value));
}

std::size_t size(double value) {
  return static_cast<std::size_t>(std::min(value, double{std::numeric_limits<std::size_t>::max()}));
}

void reportClose(ClientHandle* handle, const tidewire::CloseInfo& info) {
  const HeldText reason(info.reason);
  const HeldText detail(info.detail);
  // A negative wait says that no retry follows.
  const double retryIn = info.willRetry ? static_cast<double>(info.retryIn.count()) : -1;
  tidewire_js_client_close(handle, static_cast<int>(info.cause), info.code, reason.slot(), detail.slot(),
                           info.wasOpen ? 1 : 0, retryIn, static_cast<double>(info.attempt), info.droppedMessages);
}

/// The options of the next client, given one by one. The numbers are those of OPTIONS in tidewire.js.
class OptionsBuilder {
 public:
  void setNumber(int option, double value) {
    // clang-format off
    switch (option) {
      case 2: options_.connectTimeout = milliseconds(value); break;
      case 3: options_.closeTimeout = milliseconds(value); break;
      case 4: options_.heartbeat.interval = milliseconds(value); break;
      case 5: options_.heartbeat.timeout = milliseconds(value); break;
      case 8: options_.reconnect.enabled = value != 0; break;
      case 9: options_.reconnect.firstDelay = milliseconds(value); break;
      case 10: options_.reconnect.maxDelay = milliseconds(value); break;
      case 11: options_.reconnect.resetAfter = milliseconds(value); break;
      case 12: options_.reconnect.finalCodes.push_back(static_cast<std::uint16_t>(value)); break;
      case 13: options_.sendQueue.maxBytes = size(value); break;
      case 14: options_.sendQueue.maxMessages = size(value); break;
      case 15: options_.maxMessageBytes = size(value); break;
      default: break;
    }
    // clang-format on
  }

  void setText(int option, std::string text) {
    // clang-format off
    switch (option) {
      case 0: options_.url = std::move(text); break;
      case 1: options_.subprotocols.push_back(std::move(text)); break;
      case 6: options_.heartbeat.message = std::move(text); break;
      case 7: options_.heartbeat.answer = std::move(text); break;
      default: break;
    }
    // clang-format on
  }

  [[nodiscard]] tidewire::Options take() { return std::exchange(options_, {}); }

 private:
  tidewire::Options options_;
};

OptionsBuilder& builder() {
  static OptionsBuilder builder;
  return builder;
}

}  // namespace

ClientHandle::ClientHandle(tidewire::Options options) : client(std::move(options)) {
  client.onStateChange([this](const tidewire::StateChange& change) {
    tidewire_js_client_state(this, static_cast<int>(change.from), static_cast<int>(change.to));
  });
  client.onOpen([this](const tidewire::Opened& opened) {
    const HeldText subprotocol(opened.subprotocol);
    tidewire_js_client_open(this, subprotocol.slot(), static_cast<double>(opened.attempt),
                            static_cast<double>(opened.reconnects), inMilliseconds(opened.handshakeTime));
  });
  client.onMessage(
      [this](const tidewire::Message& message) { tidewire_js_client_message(this, MessageAccess::slot(message)); });
  client.onClose([this](const tidewire::CloseInfo& info) { reportClose(this, info); });
  client.onHeartbeat([this](const tidewire::HeartbeatInfo& info) {
    tidewire_js_client_heartbeat(this, inMilliseconds(info.roundTrip));
  });
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

EMSCRIPTEN_KEEPALIVE int tidewire_client_send(ClientHandle* handle, std::uint32_t slot, int isText,
                                              std::size_t sizeBytes) {
  const auto kind = isText != 0 ? tidewire::MessageKind::Text : tidewire::MessageKind::Binary;
  return static_cast<int>(
      tidewire::internal::ClientAccess::send(handle->client, sizeBytes, PayloadStore::ofSlot(kind, slot, sizeBytes)));
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
}
