#include "javascript/values.hpp"

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>

namespace contract::javascript {
namespace {

using namespace tidewire;

/// `ClosedByUser` → `closed-by-user`.
std::string kebabOf(std::string_view name) {
  std::string kebab;
  for (const char each : name) {
    const bool isUpper = each >= 'A' && each <= 'Z';
    kebab += isUpper && !kebab.empty() ? "-" : "";
    kebab.push_back(isUpper ? static_cast<char>(each - 'A' + 'a') : each);
  }
  return kebab;
}

[[noreturn]] void failUnknown(const Json& name) {
  std::printf("the package says %s, which C++ does not know\n", name.dump().c_str());
  std::abort();
}

/// `names`: those of the enumerators, in their order.
template <class Enum>
Enum valueOf(const Json& name, std::initializer_list<std::string_view> names) {
  std::size_t value = 0;
  for (const std::string_view each : names) {
    if (name == std::string(each)) {
      return static_cast<Enum>(value);
    }
    ++value;
  }
  failUnknown(name);
}

/// The same, of an enumeration that has `nameOf`.
template <class Enum>
Enum valueNamed(const Json& name, Enum last) {
  for (int value = 0; value <= static_cast<int>(last); ++value) {
    if (name == kebabOf(nameOf(static_cast<Enum>(value)))) {
      return static_cast<Enum>(value);
    }
  }
  failUnknown(name);
}

CloseCause causeOf(const Json& name) {
  return valueNamed(name, CloseCause::WokeUp);
}

template <class Integer>
Integer integerOf(const Json& number) {
  return static_cast<Integer>(number.get<double>());
}

std::chrono::microseconds microsecondsOf(const Json& milliseconds) {
  return std::chrono::microseconds(static_cast<std::int64_t>(milliseconds.get<double>() * 1000));
}

HandshakeTimes timesOf(const Json& times) {
  HandshakeTimes found;
  if (times.contains("endpoint")) {
    found.endpoint = microsecondsOf(times["endpoint"]);
  }
  return found;
}

std::array<std::uint64_t, kCloseCauseCount> byCause(const Json& counts) {
  std::array<std::uint64_t, kCloseCauseCount> found{};
  for (const auto& [name, count] : counts.items()) {
    found[static_cast<std::size_t>(causeOf(name))] = integerOf<std::uint64_t>(count);
  }
  return found;
}

}  // namespace

Json jsonOf(const Options& options) {
  const HeartbeatOptions& heartbeat = options.heartbeat;
  const ReconnectOptions& reconnect = options.reconnect;
  const SendQueueOptions& queue = options.sendQueue;
  return {
      {"subprotocols", options.subprotocols},
      {"name", options.name},
      {"connectTimeout", options.connectTimeout.count()},
      {"closeTimeout", options.closeTimeout.count()},
      {"heartbeat",
       {{"interval", heartbeat.interval.count()},
        {"timeout", heartbeat.timeout.count()},
        {"message", heartbeat.message},
        {"answer", heartbeat.answer},
        {"silence", heartbeat.silence.count()},
        {"wakeTimeout", heartbeat.wakeTimeout.count()},
        {"onWake", heartbeat.onWake == OnWake::Trust ? "trust" : "reconnect"}}},
      {"reconnect",
       {{"enabled", reconnect.enabled},
        {"firstDelay", reconnect.firstDelay.count()},
        {"maxDelay", reconnect.maxDelay.count()},
        {"resetAfter", reconnect.resetAfter.count()},
        {"finalCodes", reconnect.finalCodes},
        {"maxAttempts", reconnect.maxAttempts}}},
      {"sendQueue",
       {{"maxBytes", queue.maxBytes},
        {"maxMessages", queue.maxMessages},
        {"maxAge", queue.maxAge.count()},
        {"whenFull", queue.whenFull == WhenFull::Reject ? "reject" : "drop-oldest"},
        {"whenNotOpen", queue.whenNotOpen == WhenNotOpen::Queue ? "queue" : "refuse"},
        {"lowWaterBytes", queue.lowWaterBytes}}},
      {"maxMessageBytes", options.maxMessageBytes},
      {"deliveryQueueBytes", options.deliveryQueueBytes},
      {"log", {{"level", kebabOf(nameOf(options.log.level))}}},
      {"flightRecorder",
       {{"entries", options.flightRecorder.entries}, {"payloadBytes", options.flightRecorder.payloadBytes}}},
  };
}

Json jsonOf(const SendOptions& options) {
  Json json = Json::object();
  if (options.whenNotOpen) {
    json["whenNotOpen"] = *options.whenNotOpen == WhenNotOpen::Queue ? "queue" : "refuse";
  }
  return json;
}

Json jsonOf(const Endpoint& endpoint) {
  return {{"url", endpoint.url}, {"subprotocols", endpoint.subprotocols}};
}

Json sessionJsonOf(const Options& options) {
  Json json = jsonOf(options);
  for (const char* only : {"subprotocols", "sendQueue", "deliveryQueueBytes"}) {
    json.erase(only);
  }
  for (const char* only : {"message", "answer", "silence", "onWake"}) {
    json["heartbeat"].erase(only);
  }
  return json;
}

Json jsonOf(const SubscribeOptions& options) {
  Json json = {{"conflate", options.conflate}, {"replay", options.replay}};
  if (options.since) {
    json["since"] = {{"epoch", options.since->epoch}, {"seq", options.since->seq}};
  }
  return json;
}

Json jsonOf(const RequestOptions& options) {
  return {{"timeout", options.timeout.count()}, {"idempotent", options.idempotent}};
}

Opened openedOf(const Json& event) {
  return {.subprotocol = event["subprotocol"],
          .attempt = integerOf<std::uint64_t>(event["attempt"]),
          .reconnects = integerOf<std::uint64_t>(event["reconnects"]),
          .handshakeTime = microsecondsOf(event["handshakeTime"]),
          .times = timesOf(event["times"]),
          .resumed = event.value("resumed", false)};
}

CloseInfo closeInfoOf(const Json& event) {
  return {.cause = causeOf(event["cause"]),
          .code = integerOf<std::uint16_t>(event["code"]),
          .reason = event["reason"],
          .detail = event["detail"],
          .wasOpen = event["wasOpen"],
          .willRetry = event["willRetry"],
          .retryIn = std::chrono::milliseconds(integerOf<std::int64_t>(event["retryIn"])),
          .attempt = integerOf<std::uint64_t>(event["attempt"]),
          .droppedMessages = integerOf<std::size_t>(event["droppedMessages"]),
          .unconfirmedMessages = integerOf<std::uint64_t>(event["unconfirmedMessages"]),
          .neverOpened = event["neverOpened"]};
}

StateChange stateChangeOf(const Json& event) {
  return {stateOf(event["from"]), stateOf(event["to"])};
}

HeartbeatInfo heartbeatOf(const Json& event) {
  const std::chrono::microseconds last = microsecondsOf(event["roundTrip"]);
  return {
      .roundTrip = last,
      .roundTrips = {.last = last, .smoothed = microsecondsOf(event["smoothed"]), .min = microsecondsOf(event["min"])}};
}

Dropped droppedOf(const Json& event) {
  return {.reason = valueNamed(event["reason"], DropReason::Refused),
          .messages = integerOf<std::size_t>(event["messages"]),
          .bytes = integerOf<std::size_t>(event["bytes"])};
}

Drained drainedOf(const Json& event) {
  return {integerOf<std::size_t>(event["bufferedAmount"])};
}

SessionError errorOf(const Json& error) {
  return {.code = error["code"], .message = error["message"], .temporary = error["temporary"]};
}

std::optional<ChannelPosition> positionOf(const Json& position) {
  if (position.is_null()) {
    return std::nullopt;
  }
  return ChannelPosition{position["epoch"], integerOf<std::uint64_t>(position["seq"])};
}

Ack ackOf(const Json& answer) {
  Ack ack{.outcome = valueOf<Ack::Outcome>(answer["outcome"], {"published", "refused", "unknown", "not-sent"})};
  if (!answer["seq"].is_null()) {
    ack.seq = integerOf<std::uint64_t>(answer["seq"]);
  }
  if (!answer["error"].is_null()) {
    ack.error = errorOf(answer["error"]);
  }
  return ack;
}

LogLevel logLevelOf(const Json& name) {
  return valueNamed(name, LogLevel::Debug);
}

State stateOf(const Json& name) {
  return valueNamed(name, State::Closed);
}

Stats statsOf(const Json& stats) {
  const auto count = [&stats](const char* name) { return integerOf<std::uint64_t>(stats[name]); };
  Stats found;
  found.attempts = count("attempts");
  found.opens = count("opens");
  found.reconnects = count("reconnects");
  found.messagesSent = count("messagesSent");
  found.bytesSent = count("bytesSent");
  found.messagesReceived = count("messagesReceived");
  found.bytesReceived = count("bytesReceived");
  found.queuedMessages = count("queuedMessages");
  found.queuedBytes = count("queuedBytes");
  found.bufferedBytes = count("bufferedBytes");
  found.deliveryEvents = count("deliveryEvents");
  found.deliveryBytes = count("deliveryBytes");
  found.droppedMessages = count("droppedMessages");
  found.droppedBytes = count("droppedBytes");
  found.unconfirmedMessages = count("unconfirmedMessages");
  if (const Json& trips = stats["roundTrips"]; !trips.is_null()) {
    found.roundTrips = {.last = microsecondsOf(trips["last"]),
                        .smoothed = microsecondsOf(trips["smoothed"]),
                        .min = microsecondsOf(trips["min"])};
  }
  if (found.opens > 0) {
    found.lastHandshake = timesOf(stats["lastHandshake"]);
  }
  found.endingsByCause = byCause(stats["endings"]);
  found.reconnectsByCause = byCause(stats["reconnectsAfter"]);
  return found;
}

ConnectResult connectResultOf(const Json& name) {
  return valueOf<ConnectResult>(
      name, {"started", "already-started", "invalid-url", "invalid-subprotocol", "unsupported", "wrong-thread",
             "invalid-header", "invalid-option", "unavailable"});
}

SendResult sendResultOf(const Json& name) {
  return valueOf<SendResult>(
      name, {"queued", "closed", "too-large", "queue-full", "invalid-utf8", "wrong-thread", "not-open", "unavailable"});
}

CloseResult closeResultOf(const Json& name) {
  return valueOf<CloseResult>(name, {"accepted", "already-closed", "invalid-code", "invalid-reason", "wrong-thread"});
}

ReconnectResult reconnectResultOf(const Json& name) {
  return valueOf<ReconnectResult>(name, {"started", "closed", "wrong-thread"});
}

HeartbeatResult heartbeatResultOf(const Json& name) {
  return valueOf<HeartbeatResult>(name, {"sent", "not-open", "unsupported", "wrong-thread"});
}

CallResult callResultOf(const Json& name) {
  return valueOf<CallResult>(
      name, {"queued", "closed", "too-large", "queue-full", "invalid-name", "invalid-utf8", "wrong-thread"});
}

std::optional<std::chrono::milliseconds> timeOf(const Json& milliseconds) {
  return milliseconds.is_null() ? std::nullopt
                                : std::optional(std::chrono::milliseconds(integerOf<std::int64_t>(milliseconds)));
}

}  // namespace contract::javascript
