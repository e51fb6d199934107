// `tidewire::Client`, made of the npm package: the contract suite is linked with it in place of the library.

#include "tidewire/client.hpp"

#include <cstdlib>
#include <memory>
#include <span>
#include <utility>

#include "core/bytes.hpp"
#include "core/utf8.hpp"
#include "javascript/calls.hpp"
#include "javascript/values.hpp"
#include "message_access.hpp"
#include "pending_endpoint.hpp"

namespace js = contract::javascript;

namespace tidewire {
namespace internal {

struct Handlers {
  std::function<void(const Opened&)> open;
  std::function<void(const Message&)> message;
  std::function<void(const CloseInfo&)> close;
  std::function<void(const StateChange&)> stateChange;
  std::function<void(const HeartbeatInfo&)> heartbeat;
  std::function<void(const Dropped&)> dropped;
  std::function<void(const Drained&)> drain;
};

class ClientShared final : public EndpointAnswers, public std::enable_shared_from_this<ClientShared> {
 public:
  explicit ClientShared(Options options) : options_(std::move(options)) {}

  /// Apart from the constructor, since a request for an endpoint needs a pointer to this object.
  void start() {
    listener_.event = [this](const std::string& type, const js::Json& event) { onEvent(type, event); };
    listener_.message = [this](MessageKind kind, std::string_view payload) {
      call(handlers.message, MessageAccess::view(kind, std::as_bytes(std::span(payload.data(), payload.size()))));
    };
    if (options_.log.sink) {
      listener_.log = [sink = options_.log.sink](const js::Json& record) {
        const std::string client = record["client"];
        const std::string text = record["text"];
        sink({.level = js::logLevelOf(record["level"]), .client = client, .text = text});
      };
    }
    if (options_.endpoint) {
      listener_.endpoint = [this](const js::Json& request) { onEndpoint(request); };
    }
    js::Json given = js::jsonOf(options_);
    client_ = std::make_unique<js::Client>(options_.url, given, listener_);
  }

  void answerEndpoint(std::uint64_t attempt, Endpoint endpoint, std::unique_ptr<LayerCommand>) override {
    client_->answer(attempt, js::jsonOf(endpoint));
  }
  void failEndpoint(std::uint64_t attempt, std::string_view why) override { client_->fail(attempt, why); }

  [[nodiscard]] const js::Client& client() const { return *client_; }

  Handlers handlers;

 private:
  /// A copy is called: the handler may replace itself, or end the client.
  template <class Handler, class Event>
  static void call(const Handler& handler, const Event& event) {
    if (const Handler copy = handler) {
      copy(event);
    }
  }

  void onEvent(const std::string& type, const js::Json& event) {
    const std::shared_ptr<ClientShared> self = shared_from_this();
    if (type == "open") {
      call(handlers.open, js::openedOf(event));
    } else if (type == "close") {
      call(handlers.close, js::closeInfoOf(event));
    } else if (type == "statechange") {
      call(handlers.stateChange, js::stateChangeOf(event));
    } else if (type == "heartbeat") {
      call(handlers.heartbeat, js::heartbeatOf(event));
    } else if (type == "dropped") {
      call(handlers.dropped, js::droppedOf(event));
    } else if (type == "drain") {
      call(handlers.drain, js::drainedOf(event));
    }
  }

  void onEndpoint(const js::Json& request) {
    const auto& last = request["lastClose"];
    const auto& configured = request["configured"];
    auto pending = std::make_shared<PendingEndpoint>(
        weak_from_this(), Endpoint{.url = configured["url"], .subprotocols = configured["subprotocols"]},
        static_cast<std::uint64_t>(request["attempt"].get<double>()),
        last.is_null() ? std::nullopt : std::optional(js::closeInfoOf(last)));
    options_.endpoint(PendingEndpoint::request(std::move(pending)));
  }

  const Options options_;
  js::Listener listener_;
  std::unique_ptr<js::Client> client_;
};

}  // namespace internal

// Payloads are views here.
void Message::load() const noexcept {
  std::abort();
}
void Message::release() noexcept {
  std::abort();
}

namespace {

/// No string of JavaScript's is anything else, so that the package cannot be given it.
bool isText(std::string_view text) {
  return core::isValidUtf8(core::asBytes(text));
}

/// What C++ returns where JavaScript throws. The text of a wrong option begins with its name; what the browser's URL
/// parser refuses has the parser's text.
ConnectResult resultOfFault(std::string_view fault) {
  const std::string_view name = fault.substr(0, fault.find_first_of(":. "));
  if (name == "url" || name.size() == fault.size() || fault[name.size()] == ' ') {
    return ConnectResult::InvalidUrl;
  }
  return name == "subprotocols" ? ConnectResult::InvalidSubprotocol : ConnectResult::InvalidOption;
}

}  // namespace

Client::Client(Options options) : shared_(std::make_shared<internal::ClientShared>(std::move(options))) {
  shared_->start();
}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

ConnectResult Client::connect() {
  const std::string& fault = shared_->client().fault();
  if (!fault.empty()) {
    return resultOfFault(fault);
  }
  const js::Json result = shared_->client().call("connect");
  return result.is_object() ? resultOfFault(result["thrown"].get<std::string>()) : js::connectResultOf(result);
}

std::string Client::connectFault() const {
  const std::string& fault = shared_->client().fault();
  return fault.empty() ? shared_->client().call("connectFault").get<std::string>() : fault;
}

SendResult Client::send(std::string_view text, const SendOptions& options) {
  if (!isText(text)) {
    return SendResult::InvalidUtf8;
  }
  return js::sendResultOf(shared_->client().send(MessageKind::Text, text, js::jsonOf(options)));
}

SendResult Client::sendBinary(std::span<const std::byte> payload, const SendOptions& options) {
  const std::string_view bytes(reinterpret_cast<const char*>(payload.data()), payload.size());
  return js::sendResultOf(shared_->client().send(MessageKind::Binary, bytes, js::jsonOf(options)));
}

std::size_t Client::bufferedAmount() const {
  return static_cast<std::size_t>(shared_->client().call("bufferedAmount").get<double>());
}

CloseResult Client::close(std::uint16_t code, std::string_view reason) {
  if (!isText(reason)) {
    return CloseResult::InvalidReason;
  }
  return js::closeResultOf(shared_->client().call("close", {code, std::string(reason)}));
}

ReconnectResult Client::reconnect() {
  return js::reconnectResultOf(shared_->client().call("reconnect"));
}

HeartbeatResult Client::heartbeat() {
  return js::heartbeatResultOf(shared_->client().call("heartbeat"));
}

PauseResult Client::pause() {
  return shared_->client().call("pause") == "accepted" ? PauseResult::Accepted : PauseResult::WrongThread;
}

PauseResult Client::resume() {
  return shared_->client().call("resume") == "accepted" ? PauseResult::Accepted : PauseResult::WrongThread;
}

WaitResult Client::waitOpen(std::chrono::milliseconds) const {
  return WaitResult::Unsupported;
}
WaitResult Client::waitClosed(std::chrono::milliseconds) const {
  return WaitResult::Unsupported;
}
std::size_t Client::poll(PollBudget) {
  return 0;
}

Stats Client::stats() const {
  return js::statsOf(shared_->client().call("stats"));
}

std::string Client::flightRecord() const {
  return shared_->client().call("flightRecord");
}

State Client::state() const {
  if (!shared_->client().fault().empty()) {
    return State::Idle;
  }
  return js::stateOf(shared_->client().call("state"));
}

void Client::setOnOpen(std::function<void(const Opened&)> handler) {
  shared_->handlers.open = std::move(handler);
}
void Client::setOnMessage(std::function<void(const Message&)> handler) {
  shared_->handlers.message = std::move(handler);
}
void Client::setOnClose(std::function<void(const CloseInfo&)> handler) {
  shared_->handlers.close = std::move(handler);
}
void Client::setOnStateChange(std::function<void(const StateChange&)> handler) {
  shared_->handlers.stateChange = std::move(handler);
}
void Client::setOnHeartbeat(std::function<void(const HeartbeatInfo&)> handler) {
  shared_->handlers.heartbeat = std::move(handler);
}
void Client::setOnDropped(std::function<void(const Dropped&)> handler) {
  shared_->handlers.dropped = std::move(handler);
}
void Client::setOnDrain(std::function<void(const Drained&)> handler) {
  shared_->handlers.drain = std::move(handler);
}

}  // namespace tidewire
