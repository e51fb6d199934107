#include "journal_texts.hpp"

#include <chrono>

#include "core/decimal.hpp"

namespace tidewire::internal {
namespace {

using core::decimal;

std::string milliseconds(std::chrono::microseconds time) {
  return decimal(time.count() / 1000).append(".").append(decimal(time.count() / 100 % 10)).append(" ms");
}

void append(std::string& text, std::string_view name, const std::optional<std::chrono::microseconds>& time) {
  if (time) {
    text.append(", ").append(name).append(" ").append(milliseconds(*time));
  }
}

}  // namespace

std::string describe(const Opened& opened) {
  std::string text = "attempt " + decimal(opened.attempt) + " is open after " + milliseconds(opened.handshakeTime);
  append(text, "endpoint", opened.times.endpoint);
  append(text, "look-up", opened.times.lookUp);
  append(text, "connect", opened.times.connect);
  append(text, "TLS", opened.times.tls);
  append(text, "upgrade", opened.times.upgrade);
  if (!opened.subprotocol.empty()) {
    text.append(", subprotocol ").append(opened.subprotocol);
  }
  return text;
}

std::string describe(const CloseInfo& info) {
  std::string text = "attempt " + decimal(info.attempt) + " ended: ";
  text.append(nameOf(info.cause)).append(", code ").append(decimal(info.code));
  if (info.httpStatus != 0) {
    text.append(", HTTP status ").append(decimal(info.httpStatus));
  }
  if (!info.detail.empty()) {
    text.append(", ").append(info.detail);
  }
  if (info.unconfirmedMessages > 0) {
    text.append("; ").append(decimal(info.unconfirmedMessages)).append(" messages unconfirmed");
  }
  if (info.willRetry) {
    text.append("; retries in ").append(decimal(info.retryIn.count())).append(" ms");
  }
  return text.append(info.neverOpened ? "; none has opened yet" : "");
}

std::string describe(const Dropped& dropped) {
  std::string text = "dropped " + decimal(dropped.messages) + " messages, " + decimal(dropped.bytes) + " bytes: ";
  return text.append(nameOf(dropped.reason));
}

std::string describe(const HeartbeatInfo& info) {
  return "the peer answered after " + milliseconds(info.roundTrip);
}

std::string_view describe(core::Hint hint) {
  switch (hint) {
    case core::Hint::WokeUp:
      return "the machine slept, or the process stood still";
    case core::Hint::Online:
      return "the network is back";
    case core::Hint::Offline:
      return "the network is said to be gone";
    case core::Hint::Visible:
      return "the page is shown again";
  }
  return "?";
}

LogLevel levelOf(const CloseInfo& info) {
  const bool asked = info.cause == CloseCause::ClosedByUser || info.cause == CloseCause::ReconnectRequested;
  if (!asked && !info.willRetry) {
    return LogLevel::Error;
  }
  return info.neverOpened ? LogLevel::Warning : LogLevel::Info;
}

}  // namespace tidewire::internal
