#include "tidewire/session.hpp"

#include <utility>

#include "core/bytes.hpp"
#include "loop_access.hpp"
#include "session_shared.hpp"

namespace tidewire {

using internal::Handlers;

namespace {

std::shared_ptr<internal::Loop> loopFor(const Options& options) {
  return options.loop == nullptr ? internal::platformLoop() : internal::LoopAccess::loop(*options.loop);
}

}  // namespace

std::string_view nameOf(Ack::Outcome outcome) noexcept {
  switch (outcome) {
    case Ack::Outcome::Published:
      return "Published";
    case Ack::Outcome::Refused:
      return "Refused";
    case Ack::Outcome::Unknown:
      return "Unknown";
    case Ack::Outcome::NotSent:
      return "NotSent";
  }
  return {};
}

std::string_view nameOf(CallResult result) noexcept {
  switch (result) {
    case CallResult::Queued:
      return "Queued";
    case CallResult::Closed:
      return "Closed";
    case CallResult::TooLarge:
      return "TooLarge";
    case CallResult::QueueFull:
      return "QueueFull";
    case CallResult::InvalidName:
      return "InvalidName";
    case CallResult::InvalidUtf8:
      return "InvalidUtf8";
    case CallResult::WrongThread:
      return "WrongThread";
  }
  return {};
}

// Subscription.

Subscription::Subscription() noexcept = default;

Subscription::Subscription(std::shared_ptr<internal::SubscriptionShared> shared) : shared_(std::move(shared)) {}

Subscription::~Subscription() {
  unsubscribe();
}

Subscription::Subscription(Subscription&& other) noexcept = default;

Subscription& Subscription::operator=(Subscription&& other) noexcept {
  Subscription old(std::move(*this));
  shared_ = std::move(other.shared_);
  return *this;
}

void Subscription::unsubscribe() {
  if (shared_ != nullptr) {
    shared_->unsubscribe();
  }
}

std::string_view Subscription::channel() const {
  return shared_ == nullptr ? std::string_view() : std::string_view(shared_->channel());
}

bool Subscription::isLive() const {
  return shared_ != nullptr && shared_->isLive();
}

std::optional<ChannelPosition> Subscription::position() const {
  return shared_ == nullptr ? std::nullopt : shared_->position();
}

std::optional<std::chrono::milliseconds> Subscription::age() const {
  return shared_ == nullptr ? std::nullopt : shared_->age();
}

// Request.

void Request::cancel() {
  if (shared_ != nullptr) {
    shared_->cancel();
  }
}

// Session.

Session::Session(Options options, SessionOptions session) {
  std::shared_ptr<internal::Loop> loop = loopFor(options);
  shared_ = std::make_shared<internal::SessionShared>(std::move(options), std::move(session), std::move(loop));
}

Session::Session(std::shared_ptr<internal::SessionShared> shared) : shared_(std::move(shared)) {}

Session::~Session() {
  if (shared_ != nullptr) {
    shared_->client().destroy();
  }
}

Session::Session(Session&& other) noexcept = default;

Session& Session::operator=(Session&& other) noexcept {
  Session old(std::move(*this));
  shared_ = std::move(other.shared_);
  return *this;
}

ConnectResult Session::connect() {
  return shared_->connect();
}

std::string Session::connectFault() const {
  return shared_->fault().text;
}

CloseResult Session::close(std::uint16_t code, std::string_view reason) {
  return shared_->client().close(code, reason);
}

ReconnectResult Session::reconnect() {
  return shared_->client().reconnect();
}

HeartbeatResult Session::heartbeat() {
  return shared_->client().heartbeat();
}

Subscription Session::subscribe(std::string_view channel, SubscribeOptions options, SubscriptionHandlers handlers) {
  return Subscription(shared_->subscribe(channel, std::move(options), std::move(handlers)));
}

CallResult Session::publish(std::string_view channel, std::string_view text, const PublishOptions& options,
                            Callback<const Ack&> done) {
  return shared_->publish(channel, MessageKind::Text, core::asBytes(text), options, std::move(done));
}

CallResult Session::publishBytes(std::string_view channel, std::span<const std::byte> bytes,
                                 const PublishOptions& options, Callback<const Ack&> done) {
  return shared_->publish(channel, MessageKind::Binary, bytes, options, std::move(done));
}

Request Session::request(std::string_view method, std::string_view text, const RequestOptions& options,
                         Callback<const Reply&> done) {
  auto [result, call] = shared_->request(method, MessageKind::Text, core::asBytes(text), options, std::move(done));
  return {result, std::move(call)};
}

Request Session::requestBytes(std::string_view method, std::span<const std::byte> bytes, const RequestOptions& options,
                              Callback<const Reply&> done) {
  auto [result, call] = shared_->request(method, MessageKind::Binary, bytes, options, std::move(done));
  return {result, std::move(call)};
}

CallResult Session::authenticate(std::string token) {
  return shared_->front().authenticate(std::move(token));
}

WaitResult Session::waitOpen(std::chrono::milliseconds timeout) const {
  return shared_->client().waitOpen(timeout);
}

WaitResult Session::waitClosed(std::chrono::milliseconds timeout) const {
  return shared_->client().waitClosed(timeout);
}

std::size_t Session::poll(PollBudget budget) {
  return shared_->client().poll(budget);
}

State Session::state() const {
  return shared_->client().state();
}

Stats Session::stats() const {
  return shared_->client().stats();
}

std::string Session::flightRecord() const {
  return shared_->client().flightRecord();
}

std::optional<std::chrono::milliseconds> Session::serverTime() const {
  return shared_->front().serverTime();
}

void Session::setOnOpen(std::function<void(const Opened&)> handler) {
  shared_->client().set(&Handlers::onOpen, std::move(handler));
}

void Session::setOnClose(std::function<void(const CloseInfo&)> handler) {
  shared_->client().set(&Handlers::onClose, std::move(handler));
}

void Session::setOnStateChange(std::function<void(const StateChange&)> handler) {
  shared_->client().set(&Handlers::onStateChange, std::move(handler));
}

void Session::setOnHeartbeat(std::function<void(const HeartbeatInfo&)> handler) {
  shared_->client().set(&Handlers::onHeartbeat, std::move(handler));
}

void Session::setOnError(std::function<void(const SessionError&)> handler) {
  shared_->client().set(&Handlers::onError, std::move(handler));
}

}  // namespace tidewire
