#include "exchange.hpp"

#include <emscripten/em_macros.h>

#include <array>

#include "binding_support.hpp"
#include "glue.hpp"

namespace exchange {

std::string textOf(std::uint32_t slot) {
  return tidewire::binding::textOfSlot(slot);
}

std::uint32_t slotOf(std::string_view text) {
  return tidewire_js_hold_text(text.data(), text.size());
}

HeldText::HeldText(std::string_view text) : slot_(slotOf(text)) {}

HeldText::~HeldText() {
  tidewire_js_release(slot_);
}

void tellClose(const tidewire::CloseInfo& info) {
  const HeldText reason(info.reason);
  const HeldText detail(info.detail);
  // A negative wait says that no retry follows.
  const double retryIn = info.willRetry ? static_cast<double>(info.retryIn.count()) : -1;
  tidewire_js_close_info(static_cast<int>(info.cause), info.code, reason.slot(), detail.slot(), info.wasOpen ? 1 : 0,
                         retryIn, static_cast<double>(info.attempt), info.droppedMessages,
                         static_cast<double>(info.unconfirmedMessages), info.neverOpened ? 1 : 0);
}

tidewire::Callback<const tidewire::LogRecord&> sinkOf(const void* handle) {
  return [handle](const tidewire::LogRecord& record) {
    const HeldText client(record.client);
    const HeldText text(record.text);
    tidewire_js_log(handle, static_cast<int>(record.level), client.slot(), text.slot());
  };
}

void OptionsBuilder::setNumber(int option, double value) {
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
    case 31: wanted_.session.outbox.maxBytes = size(value); break;
    case 32: wanted_.session.outbox.maxCalls = size(value); break;
    case 33: wanted_.session.outbox.batchDelay = milliseconds(value); break;
    case 35: wanted_.token = true; break;
    default: break;
  }
  // clang-format on
}

void OptionsBuilder::setText(int option, std::string text) {
  tidewire::Options& options = wanted_.options;
  // clang-format off
  switch (option) {
    case 0: options.url = std::move(text); break;
    case 1: options.subprotocols.push_back(std::move(text)); break;
    case 6: options.heartbeat.message = std::move(text); break;
    case 7: options.heartbeat.answer = std::move(text); break;
    case 16: options.name = std::move(text); break;
    case 34: wanted_.session.allowedHosts.push_back(std::move(text)); break;
    default: break;
  }
  // clang-format on
}

OptionsBuilder& builder() {
  static OptionsBuilder builder;
  return builder;
}

}  // namespace exchange
