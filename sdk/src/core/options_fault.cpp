#include "core/options_fault.hpp"

#include <algorithm>
#include <string_view>

#include "core/fault_texts.hpp"
#include "core/header.hpp"
#include "core/probe_text.hpp"
#include "core/subprotocol.hpp"
#include "core/url.hpp"

namespace tidewire::core {
namespace {

constexpr std::chrono::milliseconds kForEver = std::chrono::hours(24 * 3652);

std::string_view describe(UrlError error) {
  switch (error) {
    case UrlError::None:
      return {};
    case UrlError::NotWebSocket:
      return fault_texts::kNotWebSocket;
    case UrlError::BadCharacter:
      return fault_texts::kBadCharacter;
    case UrlError::BadHost:
      return fault_texts::kBadHost;
    case UrlError::BadPort:
      return fault_texts::kBadPort;
    case UrlError::Fragment:
      return fault_texts::kFragment;
  }
  return {};
}

OptionsFault fault(ConnectResult result, std::string_view field, std::string_view what) {
  return {result, std::string(field).append(": ").append(what)};
}

/// Calls `visit(name, time)` for every time in `options`.
template <class AnyOptions, class Visit>
void forEachTime(AnyOptions& options, Visit visit) {
  visit("connectTimeout", options.connectTimeout);
  visit("closeTimeout", options.closeTimeout);
  visit("heartbeat.interval", options.heartbeat.interval);
  visit("heartbeat.timeout", options.heartbeat.timeout);
  visit("heartbeat.silence", options.heartbeat.silence);
  visit("heartbeat.wakeTimeout", options.heartbeat.wakeTimeout);
  visit("reconnect.firstDelay", options.reconnect.firstDelay);
  visit("reconnect.maxDelay", options.reconnect.maxDelay);
  visit("reconnect.resetAfter", options.reconnect.resetAfter);
  visit("reconnect.maxRetryAfter", options.reconnect.maxRetryAfter);
  visit("sendQueue.maxAge", options.sendQueue.maxAge);
}

std::size_t placesIn(std::string_view text) {
  std::size_t places = 0;
  for (std::size_t at = 0; (at = text.find(ProbeText::kPlace, at)) != std::string_view::npos; ++at) {
    ++places;
  }
  return places;
}

bool areCloseCodes(const std::vector<std::uint16_t>& codes) {
  return std::all_of(codes.begin(), codes.end(), [](std::uint16_t code) { return code >= 1000 && code <= 4999; });
}

OptionsFault findFault(const HeartbeatOptions& heartbeat) {
  const std::size_t asked = placesIn(heartbeat.message);
  const std::size_t answered = placesIn(heartbeat.answer);
  if (asked > 1) {
    return fault(ConnectResult::InvalidOption, "heartbeat.message", fault_texts::kTwoNumbers);
  }
  if (asked != answered) {
    return fault(ConnectResult::InvalidOption, "heartbeat.answer",
                 asked == 1 ? fault_texts::kNoNumber : fault_texts::kNumberAlone);
  }
  return {};
}

}  // namespace

OptionsFault findFault(const Endpoint& endpoint, bool shapesRequest) {
  const UrlParse parsed = parseUrl(endpoint.url);
  if (parsed.error != UrlError::None) {
    return fault(ConnectResult::InvalidUrl, "url", describe(parsed.error));
  }
  if (!areValidSubprotocols(endpoint.subprotocols)) {
    return fault(ConnectResult::InvalidSubprotocol, "subprotocols", fault_texts::kBadSubprotocol);
  }
  for (const Header& header : endpoint.headers) {
    if (const std::string_view wrong = headerFault(header.name, header.value); !wrong.empty()) {
      return fault(ConnectResult::InvalidHeader, "headers", wrong);
    }
  }
  if (!shapesRequest && parsed.url.hasUserInfo) {
    return fault(ConnectResult::Unsupported, "url", fault_texts::kUserInfo);
  }
  if (!shapesRequest && !endpoint.headers.empty()) {
    return fault(ConnectResult::Unsupported, "headers", "a page cannot send headers of its own");
  }
  return {};
}

OptionsFault findFault(const Options& options) {
  OptionsFault found;
  forEachTime(options, [&found](std::string_view name, std::chrono::milliseconds time) {
    if (time < std::chrono::milliseconds::zero() && !found) {
      found = fault(ConnectResult::InvalidOption, name, fault_texts::kNegativeTime);
    }
  });
  if (!found) {
    found = findFault(options.heartbeat);
  }
  if (!found && !areCloseCodes(options.reconnect.finalCodes)) {
    found = fault(ConnectResult::InvalidOption, "reconnect.finalCodes", fault_texts::kNoCloseCode);
  }
  if (!found && options.callbacks == Callbacks::Executor && !options.executor) {
    found = fault(ConnectResult::InvalidOption, "executor", "Callbacks::Executor needs one");
  }
  return found;
}

OptionsFault findSessionFault(const Options& options, const SessionOptions& session) {
  if (!options.subprotocols.empty()) {
    return fault(ConnectResult::InvalidOption, "subprotocols", "a session always offers tidewire.v1");
  }
  if (options.endpoint) {
    return fault(ConnectResult::InvalidOption, "endpoint", "a session calls SessionOptions::token instead");
  }
  if (options.sendQueue != SendQueueOptions()) {
    return fault(ConnectResult::InvalidOption, "sendQueue", "a session is bounded by SessionOptions::outbox instead");
  }
  const HeartbeatOptions& heartbeat = options.heartbeat;
  if (!heartbeat.message.empty() || !heartbeat.answer.empty()) {
    return fault(ConnectResult::InvalidOption, heartbeat.message.empty() ? "heartbeat.answer" : "heartbeat.message",
                 "a session sends the protocol's own ping");
  }
  if (heartbeat.silence != std::chrono::milliseconds::zero()) {
    return fault(ConnectResult::InvalidOption, "heartbeat.silence", "a session's server always answers a ping");
  }
  if (heartbeat.onWake != HeartbeatOptions().onWake) {
    return fault(ConnectResult::InvalidOption, "heartbeat.onWake", "a session can always send a ping");
  }
  if (session.outbox.batchDelay < std::chrono::milliseconds::zero()) {
    return fault(ConnectResult::InvalidOption, "outbox.batchDelay", fault_texts::kNegativeTime);
  }
  return {};
}

void boundTimes(Options& options) {
  forEachTime(options, [](std::string_view, std::chrono::milliseconds& time) { time = std::min(time, kForEver); });
}

}  // namespace tidewire::core
