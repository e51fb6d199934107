#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "core/protocol/channel_progress.hpp"
#include "core/protocol/framing.hpp"
#include "core/protocol/heads.hpp"
#include "core/protocol/repetition.hpp"
#include "core/protocol/server_message.hpp"
#include "core/random.hpp"
#include "core/time.hpp"
#include "tidewire/session_events.hpp"

namespace tidewire::core::protocol {

/// One of the application's subscriptions; several may share a channel.
using SubscriberId = std::uint64_t;
/// One of the application's publishes or requests. They rise in call order.
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

// What the core asks of whoever drives it, and what it tells. Views and spans are valid until the next input.

/// The connection may be used: the server has said `welcome`.
struct Welcomed {
  bool resumed;
  Duration heartbeat;  ///< The server wants to be asked at least this often; zero: it does not care.
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
  std::string_view channel;
  std::span<const SubscriberId> to;
  std::uint64_t seq;
  std::optional<std::uint64_t> ts;
  std::uint64_t skipped;
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
/// A publish is over. Without `tell` nobody waits for it: it has been sent, and its place in the outbox is free.
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
    std::variant<Welcomed, PongArrived, PeerFailed, LeaveNow, EventArrived, GapFound, SubscriptionAnswered,
                 SubscriptionEnded, SubscriptionInterrupted, PublishEnded, RequestEnded, ErrorArrived>;

/// Decides everything that "tidewire.v1" (docs/protocol.md) asks of a client: greeting, channels, what is sent and sent
/// again, and what each message from the server means. Pure: time and the seed of its randomness are arguments.
///
/// Whoever drives it gives one input, performs every action (`takeAction` until it is empty) before the next, sends
/// what `takeBatches` yields, and calls `tick` when `deadline` has come.
class SessionCore {
 public:
  struct Settings {
    std::string key;                            ///< 128 random bits, in base64url.
    std::uint64_t maxMessage = 16 * 1'048'576;  ///< The largest WebSocket message that the client takes.
    Duration batchDelay{0};
    std::uint64_t seed = 0;
  };

  explicit SessionCore(Settings settings);

  /// Requires: no connection has been open.
  void setKey(std::string key) { settings_.key = std::move(key); }

  // Inputs from the application.
  void subscribe(SubscriberId id, std::string_view channel, bool conflate, std::uint64_t replay,
                 std::optional<Position> since);
  void unsubscribe(SubscriberId id, std::string_view channel);
  void call(Time now, Call call);
  /// Nobody wants to know any more what becomes of it.
  void cancel(CallId id);
  void authenticate(std::string token);

  // Inputs from the connection.
  void opened(Time now, std::optional<std::string> token);
  void arrived(Time now, ServerMessage& message);
  /// `forGood`: no attempt follows by itself.
  void ended(bool forGood);
  /// Before `ended`: the server called this client too slow.
  void calledSlow() noexcept;
  /// Before `ended`: the server takes no message that large. Ends each unanswered call that may have been it, so that
  /// none is sent again. Returns whether there was one, or a publish without an answer that may have been it.
  bool calledTooLarge();
  /// Ask for a sign of life, ahead of everything else.
  ///
  /// Requires: `t` is not zero.
  void ask(Time now, std::uint64_t t);
  /// Show the server a sign of life, unless a question does already.
  void reassure();

  // Input from the clock.
  void tick(Time now);

  // Answers.
  [[nodiscard]] std::optional<SessionAction> takeAction();
  /// WebSocket messages to send now, of about `room` bytes together.
  [[nodiscard]] std::vector<Framer::Batch> takeBatches(Time now, std::size_t room);
  [[nodiscard]] std::optional<Time> deadline() const;
  [[nodiscard]] bool hasToSend() const noexcept;
  /// Whether nothing waits to be sent or acknowledged.
  [[nodiscard]] bool isSettled() const noexcept;
  /// What the server's clock shows, since 1970.
  [[nodiscard]] std::optional<Duration> serverOffset() const noexcept { return serverOffset_; }
  /// Why the server refused the last `hello`, if it did.
  [[nodiscard]] const std::optional<SessionError>& refusal() const noexcept { return refusal_; }

 private:
  enum class Phase : std::uint8_t { Down, Greeting, Up };

  struct Channel {
    ChannelProgress progress;
    std::vector<SubscriberId> subscribers = {};
    // Subscribers that stand elsewhere than the channel: ahead of it, or nowhere yet. The channel stands where the one
    // does that has least.
    std::map<SubscriberId, std::optional<Position>> apart = {};
    std::map<std::uint64_t, std::vector<SubscriberId>> groups = {};  // Of the newest event, by what they skip.
    std::uint64_t replay = 0;
    std::uint64_t wireId = 0;  // Of the newest `subscribe` on this connection; 0: there is none.
    bool answered = false;
    Repetition repetition = {};        // Of subscribing that the server makes us do.
    std::optional<Time> retryAt = {};  // When it is subscribed to again.
  };
  struct Pending {
    Call call;
    std::uint64_t wireId = 0;
    std::uint64_t publishNumber = 0;
    Time firstSentAt{};
    bool inDoubt = false;         // Sent again to a server that may not know that it has it.
    std::size_t flyingBytes = 0;  // Its size, if it was sent on this connection.
    std::optional<Time> deadline = {};
  };
  /// Calls of one kind that wait for their answers on this connection.
  struct Flight {
    std::uint64_t flying = 0;
    std::uint64_t window = 0;  // So many may, at most.
    // So many may for now, where the server called us slow: grows with each answer, so that it doubles with each round
    // trip.
    std::uint64_t pace = 0;
  };
  using Channels = std::map<std::string, Channel, std::less<>>;
  using Calls = std::map<CallId, Pending>;

  // Sending.
  void post(std::string head);
  void sendSubscribe(const std::string& name, Channel& channel);
  void dropSubscribe(const std::string& name, Channel& channel);
  void subscribeAnew(const std::string& name, Channel& channel);
  void subscribeAt(Time at, Time now, const std::string& name, Channel& channel);
  void forgetRetry(const std::string& name, Channel& channel);
  [[nodiscard]] Calls::iterator nextCall();
  [[nodiscard]] bool withinWindow(const Pending& pending) const;
  [[nodiscard]] Flight& flightOf(const Pending& pending) noexcept {
    return pending.call.kind == Call::Kind::Request ? requests_ : publishes_;
  }
  void land(Pending& pending);
  void answered(Pending& pending);
  [[nodiscard]] std::size_t add(Framer& framer, Time now, Calls::iterator at);
  [[nodiscard]] std::string headFor(Pending& pending);
  [[nodiscard]] bool waitsForMore(Time now);

  // Receiving.
  void handle(Time now, Welcome& head, const ServerMessage& message);
  void handle(Time now, Subscribed& head, const ServerMessage& message);
  void handle(Time now, EventHead& head, const ServerMessage& message);
  void handle(Time now, Unsubscribed& head, const ServerMessage& message);
  void handle(Time now, protocol::Ack& head, const ServerMessage& message);
  void handle(Time now, protocol::Reply& head, const ServerMessage& message);
  void handle(Time now, Pong& head, const ServerMessage& message);
  void handle(Time now, GoAway& head, const ServerMessage& message);
  void handle(Time now, ErrorHead& head, const ServerMessage& message);
  void handle(Time now, UnknownOp& head, const ServerMessage& message);
  void handle(Time now, Malformed& head, const ServerMessage& message);
  void fail(std::string why);
  void endSubscription(Time now, Channels::iterator at, SessionError error);

  // Where subscribers stand.
  /// Of a subscription. Without a position: where the channel's newest events begin.
  struct Start {
    std::optional<Position> position = {};
  };
  [[nodiscard]] static bool joinFront(Channel& channel, SubscriberId id);
  [[nodiscard]] bool reachBack(Channel& channel, SubscriberId id, const Position& since, bool asks);
  static void moveTo(Channel& channel, std::optional<Position> position);
  [[nodiscard]] static Position standing(const Channel& channel, SubscriberId id);
  [[nodiscard]] static std::optional<Start> startOfOthers(const Channel& channel, const Position& before,
                                                          const Subscribed& head);
  void place(Channel& channel, const std::optional<Position>& before, const Subscribed& head,
             const std::optional<Loss>& loss);
  void placeApart(std::pair<const SubscriberId, std::optional<Position>>& each, const Channel& channel,
                  const std::optional<Position>& before, const Subscribed& head);
  void passOver(Channel& channel, std::uint64_t before, std::uint64_t last);
  void handOut(std::string_view name, Channel& channel, std::uint64_t before, const EventHead& head,
               const ServerMessage& message);
  void setClock(Time from, Time to, std::uint64_t serverNow);

  // Ending.
  void setWindows(Welcome& head);
  void settleDoubts(Time now, const Welcome& head);
  Calls::iterator endPublish(Calls::iterator at, tidewire::Ack ack);
  Calls::iterator endRequest(Calls::iterator at, std::optional<SessionError> error, BodyType type = BodyType::Text,
                             std::optional<ArrivedBody> body = {});
  Calls::iterator endUnanswered(Calls::iterator at, SessionError error, tidewire::Ack::Outcome outcome);
  Calls::iterator forget(Calls::iterator at);
  [[nodiscard]] Calls::iterator findCall(std::uint64_t wireId, Call::Kind kind);
  void report(SessionAction action) { actions_.push_back(std::move(action)); }

  Settings settings_;
  Random random_;
  std::deque<SessionAction> actions_;

  Phase phase_ = Phase::Down;
  std::uint64_t attempt_ = 0;
  std::uint64_t lastWireId_ = 0;
  std::optional<std::string> memory_;  // Of the last `welcome`.
  Channels channels_;

  // Calls that are not over. Those below `unsentFrom_` have been sent, on this connection or an earlier one; of them,
  // `again_` wait to be sent once more.
  Calls calls_;
  CallId unsentFrom_ = 0;
  std::deque<CallId> again_;
  std::unordered_map<std::uint64_t, CallId> byWireId_;
  std::set<std::pair<Time, CallId>> deadlines_;
  std::set<std::uint64_t> openPublishes_;  // Numbers of those that were sent with `ack` and are not over.
  std::uint64_t publishNumber_ = 0;

  // Of this connection.
  std::deque<std::string> heads_;  // That wait to be sent, without bodies.
  std::unordered_map<std::uint64_t, std::string> subscribing_;
  std::set<std::pair<Time, std::string>> retries_;  // Channels that are subscribed to again then.
  std::set<std::uint64_t> authenticating_;
  std::optional<std::string> ping_;
  Time pingAt_{};
  std::uint64_t pingT_ = 0;
  Time helloAt_{};
  Time welcomedAt_{};
  bool failed_ = false;
  std::uint64_t maxMessage_ = 0;
  Flight publishes_;
  Flight requests_;
  bool sentLarge_ = false;  // Something that may be too large, and that nobody waits for.
  std::optional<Time> leaveAt_;
  std::optional<std::string> leaveTo_;
  std::optional<Time> waitingSince_;  // For `batchDelay`.
  bool waited_ = false;               // That is over; what waits now waits for room.
  std::size_t unsentBytes_ = 0;

  // Connections in a row that ended because the server called us slow.
  unsigned slowInRow_ = 0;

  std::optional<SessionError> refusal_;
  std::optional<Duration> serverOffset_;
  Duration bestTrip_{};
};

}  // namespace tidewire::core::protocol
