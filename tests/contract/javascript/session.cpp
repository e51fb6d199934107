// `tidewire::Session`, made of the npm package.

#include "tidewire/session.hpp"

#include <cstdlib>
#include <map>
#include <memory>
#include <utility>

#include "core/bytes.hpp"
#include "javascript/calls.hpp"
#include "javascript/values.hpp"
#include "message_access.hpp"

namespace js = contract::javascript;

namespace tidewire {
namespace internal {
namespace {

/// A copy is called: the handler may replace itself, or end the session.
template <class Handler, class Event>
void call(const Handler& handler, const Event& event) {
  if (const Handler copy = handler) {
    copy(event);
  }
}

/// What a callback finds in a body. The tests have texts only.
class BodyOf {
 public:
  explicit BodyOf(const js::Json& data)
      : text_(data.is_string() ? data.get<std::string>() : std::string()),
        message_(MessageAccess::view(MessageKind::Text, core::asBytes(text_))) {}
  [[nodiscard]] Body body() const { return Body(&message_); }

 private:
  const std::string text_;
  const Message message_;
};

}  // namespace

class SubscriptionShared : public std::enable_shared_from_this<SubscriptionShared> {
 public:
  SubscriptionShared(const js::Session& session, std::string_view channel, const SubscribeOptions& options,
                     SubscriptionHandlers handlers)
      : channel_(channel), handlers_(std::move(handlers)) {
    listener_.event = [this](const std::string& type, const js::Json& event) { onEvent(type, event); };
    subscription_ = std::make_unique<js::Subscription>(session, channel, js::jsonOf(options), listener_);
  }

  [[nodiscard]] const std::string& channel() const { return channel_; }
  [[nodiscard]] const js::Subscription& subscription() const { return *subscription_; }

 private:
  void onEvent(const std::string& type, const js::Json& event) {
    const std::shared_ptr<SubscriptionShared> self = shared_from_this();
    if (type == "event") {
      const BodyOf body(event["data"]);
      call(handlers_.onEvent, Event{.channel = channel_,
                                    .seq = event["seq"],
                                    .time = js::timeOf(event["time"]),
                                    .skipped = event["skipped"],
                                    .body = body.body()});
    } else if (type == "gap") {
      call(handlers_.onGap,
           Gap{.channel = channel_, .hasRange = event["hasRange"], .from = event["from"], .to = event["to"]});
    } else if (type == "subscribed") {
      call(handlers_.onSubscribed,
           SubscribedInfo{.channel = channel_, .position = js::positionOf(event["position"]).value()});
    } else if (type == "end") {
      call(handlers_.onEnd, SubscriptionEnd{.channel = channel_, .error = js::errorOf(event["error"])});
    }
  }

  const std::string channel_;
  const SubscriptionHandlers handlers_;
  js::Listener listener_;
  std::unique_ptr<js::Subscription> subscription_;
};

class SessionShared : public std::enable_shared_from_this<SessionShared> {
 public:
  explicit SessionShared(const Options& options) {
    listener_.event = [this](const std::string& type, const js::Json& event) { onEvent(type, event); };
    listener_.settled = [this](const js::Json& result) { onSettled(result); };
    session_ = std::make_unique<js::Session>(options.url, js::sessionJsonOf(options), listener_);
    if (!session_->fault().empty()) {
      std::abort();
    }
  }

  /// Calls a method that returns a promise; `settled` gets what it settles with.
  void callAsync(std::string_view method, const js::Json& arguments, std::function<void(const js::Json&)> settled) {
    calls_.emplace(++lastCall_, std::move(settled));
    session_->callAsync(lastCall_, method, arguments);
  }

  [[nodiscard]] const js::Session& session() const { return *session_; }

  std::function<void(const Opened&)> onOpen;
  std::function<void(const CloseInfo&)> onClose;
  std::function<void(const StateChange&)> onStateChange;
  std::function<void(const HeartbeatInfo&)> onHeartbeat;
  std::function<void(const SessionError&)> onError;

 private:
  void onEvent(const std::string& type, const js::Json& event) {
    const std::shared_ptr<SessionShared> self = shared_from_this();
    if (type == "open") {
      call(onOpen, js::openedOf(event));
    } else if (type == "close") {
      call(onClose, js::closeInfoOf(event));
    } else if (type == "statechange") {
      call(onStateChange, js::stateChangeOf(event));
    } else if (type == "heartbeat") {
      call(onHeartbeat, js::heartbeatOf(event));
    } else if (type == "error") {
      call(onError, js::errorOf(event));
    }
  }

  void onSettled(const js::Json& result) {
    const std::shared_ptr<SessionShared> self = shared_from_this();
    if (const auto settled = calls_.extract(result["call"].get<std::uint64_t>())) {
      settled.mapped()(result);
    }
  }

  js::Listener listener_;
  std::unique_ptr<js::Session> session_;
  std::map<std::uint64_t, std::function<void(const js::Json&)>> calls_;
  std::uint64_t lastCall_ = 0;
};

/// The tests cancel no request.
class CallShared {};

}  // namespace internal

Subscription::Subscription() noexcept = default;
Subscription::Subscription(std::shared_ptr<internal::SubscriptionShared> shared) : shared_(std::move(shared)) {}
Subscription::~Subscription() = default;
Subscription::Subscription(Subscription&&) noexcept = default;
Subscription& Subscription::operator=(Subscription&&) noexcept = default;

void Subscription::unsubscribe() {
  shared_->subscription().call("unsubscribe");
}
std::string_view Subscription::channel() const {
  return shared_->channel();
}
bool Subscription::isLive() const {
  return shared_->subscription().call("isLive");
}
std::optional<ChannelPosition> Subscription::position() const {
  return js::positionOf(shared_->subscription().call("position"));
}
std::optional<std::chrono::milliseconds> Subscription::age() const {
  return js::timeOf(shared_->subscription().call("age"));
}

Session::Session(Options options, SessionOptions) : shared_(std::make_shared<internal::SessionShared>(options)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

ConnectResult Session::connect() {
  return js::connectResultOf(shared_->session().call("connect"));
}
std::string Session::connectFault() const {
  return shared_->session().call("connectFault");
}
CloseResult Session::close(std::uint16_t code, std::string_view reason) {
  return js::closeResultOf(shared_->session().call("close", {code, std::string(reason)}));
}
ReconnectResult Session::reconnect() {
  return js::reconnectResultOf(shared_->session().call("reconnect"));
}
HeartbeatResult Session::heartbeat() {
  return js::heartbeatResultOf(shared_->session().call("heartbeat"));
}

Subscription Session::subscribe(std::string_view channel, SubscribeOptions options, SubscriptionHandlers handlers) {
  return Subscription(std::make_shared<internal::SubscriptionShared>(shared_->session(), channel, std::move(options),
                                                                     std::move(handlers)));
}

/// With `ack` the package returns a promise, and nothing at once: what it refuses is an answer. So where nobody waits
/// for the answer, it is called without.
CallResult Session::publish(std::string_view channel, std::string_view text, const PublishOptions& options,
                            Callback<const Ack&> done) {
  const bool hasAnswer = options.ack && done;
  const js::Json arguments = {
      std::string(channel), std::string(text), {{"ack", hasAnswer}, {"resend", options.resend}}};
  if (!hasAnswer) {
    return js::callResultOf(shared_->session().call("publish", arguments));
  }
  shared_->callAsync("publish", arguments,
                     [done = std::move(done)](const js::Json& result) { done(js::ackOf(result["value"])); });
  return CallResult::Queued;
}

Request Session::request(std::string_view method, std::string_view text, const RequestOptions& options,
                         Callback<const Reply&> done) {
  const auto settled = [done = std::move(done)](const js::Json& result) {
    if (result.contains("error")) {
      done({.error = js::errorOf(result["error"])});
    } else {
      const internal::BodyOf body(result["value"]["data"]);
      done({.body = body.body()});
    }
  };
  shared_->callAsync("request", {std::string(method), std::string(text), js::jsonOf(options)}, settled);
  return {CallResult::Queued, nullptr};
}

WaitResult Session::waitOpen(std::chrono::milliseconds) const {
  return WaitResult::Unsupported;
}
WaitResult Session::waitClosed(std::chrono::milliseconds) const {
  return WaitResult::Unsupported;
}
std::size_t Session::poll(PollBudget) {
  return 0;
}
State Session::state() const {
  return js::stateOf(shared_->session().call("state"));
}
Stats Session::stats() const {
  return js::statsOf(shared_->session().call("stats"));
}
std::string Session::flightRecord() const {
  return shared_->session().call("flightRecord");
}
std::optional<std::chrono::milliseconds> Session::serverTime() const {
  return js::timeOf(shared_->session().call("serverTime"));
}

void Session::setOnOpen(std::function<void(const Opened&)> handler) {
  shared_->onOpen = std::move(handler);
}
void Session::setOnClose(std::function<void(const CloseInfo&)> handler) {
  shared_->onClose = std::move(handler);
}
void Session::setOnStateChange(std::function<void(const StateChange&)> handler) {
  shared_->onStateChange = std::move(handler);
}
void Session::setOnHeartbeat(std::function<void(const HeartbeatInfo&)> handler) {
  shared_->onHeartbeat = std::move(handler);
}
void Session::setOnError(std::function<void(const SessionError&)> handler) {
  shared_->onError = std::move(handler);
}

}  // namespace tidewire
