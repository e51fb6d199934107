#include "tidewire/client.hpp"

#include <utility>

#include "client_shared.hpp"
#include "core/bytes.hpp"
#include "loop_access.hpp"

namespace tidewire {

using internal::Handlers;

namespace {

std::shared_ptr<internal::Loop> loopFor(const Options& options) {
  return options.loop == nullptr ? internal::platformLoop() : internal::LoopAccess::loop(*options.loop);
}

}  // namespace

Client::Client(Options options) {
  std::shared_ptr<internal::Loop> loop = loopFor(options);
  shared_ = std::make_shared<internal::ClientShared>(std::move(options), std::move(loop));
}

Client::Client(std::shared_ptr<internal::ClientShared> shared) : shared_(std::move(shared)) {}

Client::~Client() {
  if (shared_ != nullptr) {
    shared_->destroy();
  }
}

Client::Client(Client&& other) noexcept = default;

Client& Client::operator=(Client&& other) noexcept {
  Client old(std::move(*this));
  shared_ = std::move(other.shared_);
  return *this;
}

ConnectResult Client::connect() {
  return shared_->connect();
}

std::string Client::connectFault() const {
  return shared_->fault().text;
}

SendResult Client::send(std::string_view text, const SendOptions& options) {
  return shared_->send(MessageKind::Text, core::asBytes(text), options);
}

SendResult Client::sendBinary(std::span<const std::byte> payload, const SendOptions& options) {
  return shared_->send(MessageKind::Binary, payload, options);
}

SendResult Client::send(SendBuffer&& text, const SendOptions& options) {
  return shared_->send(MessageKind::Text, text, options);
}

SendResult Client::sendBinary(SendBuffer&& payload, const SendOptions& options) {
  return shared_->send(MessageKind::Binary, payload, options);
}

std::size_t Client::bufferedAmount() const {
  return shared_->bufferedAmount();
}

CloseResult Client::close(std::uint16_t code, std::string_view reason) {
  return shared_->close(code, reason);
}

ReconnectResult Client::reconnect() {
  return shared_->reconnect();
}

HeartbeatResult Client::heartbeat() {
  return shared_->heartbeat();
}

PauseResult Client::pause() {
  return shared_->pause(true);
}

PauseResult Client::resume() {
  return shared_->pause(false);
}

WaitResult Client::waitOpen(std::chrono::milliseconds timeout) const {
  return shared_->waitOpen(timeout);
}

WaitResult Client::waitClosed(std::chrono::milliseconds timeout) const {
  return shared_->waitClosed(timeout);
}

Stats Client::stats() const {
  return shared_->stats();
}

std::string Client::flightRecord() const {
  return shared_->flightRecord();
}

std::size_t Client::poll(PollBudget budget) {
  return shared_->poll(budget);
}

State Client::state() const {
  return shared_->state();
}

void Client::setOnOpen(std::function<void(const Opened&)> handler) {
  shared_->set(&Handlers::onOpen, std::move(handler));
}

void Client::setOnMessage(std::function<void(const Message&)> handler) {
  shared_->set(&Handlers::onMessage, std::move(handler));
}

void Client::setOnClose(std::function<void(const CloseInfo&)> handler) {
  shared_->set(&Handlers::onClose, std::move(handler));
}

void Client::setOnStateChange(std::function<void(const StateChange&)> handler) {
  shared_->set(&Handlers::onStateChange, std::move(handler));
}

void Client::setOnHeartbeat(std::function<void(const HeartbeatInfo&)> handler) {
  shared_->set(&Handlers::onHeartbeat, std::move(handler));
}

void Client::setOnDropped(std::function<void(const Dropped&)> handler) {
  shared_->set(&Handlers::onDropped, std::move(handler));
}

void Client::setOnDrain(std::function<void(const Drained&)> handler) {
  shared_->set(&Handlers::onDrain, std::move(handler));
}

}  // namespace tidewire
