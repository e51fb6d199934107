#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/protocol/channel_progress.hpp"
#include "core/protocol/heads.hpp"
#include "core/protocol/server_message.hpp"
#include "core/ring_queue.hpp"
#include "core/time.hpp"
#include "tidewire/session_events.hpp"

namespace tidewire::core::protocol {

/// One of the application's subscriptions; several may share a channel. Ids rise in call order.
using SubscriberId = std::uint64_t;
/// One of the application's publishes or requests. Ids rise in call order.
using CallId = std::uint64_t;

/// A publish or a request on its way to the core.
struct Call {
  enum class Kind : std::uint8_t { Publish, Request };

  CallId id = 0;
  Kind kind = Kind::Publish;
  std::string target = {};  ///< The channel or the method.
  BodyType type = BodyType::Text;
  std::string body = {};
  bool ack = false;         ///< Publish.
  bool resend = false;      ///< Publish, with `ack`: rather twice than not at all.
  bool idempotent = false;  ///< Request.
  Duration timeout{0};      ///< Request. Zero: none.
};

// The core's output. Views and spans are valid until the next input.

/// The connection may be used: the server has said `welcome`.
struct Welcomed {
  bool resumed;
  Duration heartbeat;  ///< The longest time between two probes that the server accepts; zero: it does not care.
};
struct PongArrived {
  std::uint64_t t;
};
/// The peer broke the protocol: close with 4000.
struct PeerFailed {
  std::string why;
};
/// Close with 1000 and connect again at once; once to `url`, if it may be trusted.
struct LeaveNow {
  std::optional<std::string> url;
};
struct EventArrived {
  tidewire::Event event;  ///< Without its body.
  std::span<const SubscriberId> to;
  BodyType type;
  std::optional<ArrivedBody> body;
};
struct GapFound {
  std::vector<SubscriberId> to;
  Loss loss;
};
struct SubscriptionAnswered {
  std::vector<SubscriberId> to;
  Position position;
};
struct SubscriptionEnded {
  std::vector<SubscriberId> to;
  SessionError error;
};
/// No events come for these until they are answered again.
struct SubscriptionInterrupted {
  std::vector<SubscriberId> to;
};
/// A publish is over. Without `tell` it was one without acknowledgement: it has been sent, and its place in the outbox
/// is free.
struct PublishEnded {
  CallId call;
  bool tell;
  tidewire::Ack ack;
};
struct RequestEnded {
  CallId call;
  std::optional<SessionError> error;
  BodyType type;
  std::optional<ArrivedBody> body;
};
/// An error that concerns the connection, or a token that was refused.
struct ErrorArrived {
  SessionError error;
};
using SessionAction =
    std::variant<EventArrived, Welcomed, PongArrived, PeerFailed, LeaveNow, GapFound, SubscriptionAnswered,
                 SubscriptionEnded, SubscriptionInterrupted, PublishEnded, RequestEnded, ErrorArrived>;
using ActionQueue = RingQueue<SessionAction>;

}  // namespace tidewire::core::protocol
