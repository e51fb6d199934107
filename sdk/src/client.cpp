#include "tidewire/client.hpp"

#include <utility>

#include "client_shared.hpp"
#include "core/bytes.hpp"

namespace tidewire {

using internal::Handlers;

Client::Client(Options options)
    : shared_(std::make_shared<internal::ClientShared>(std::move(options), internal::platformLoop())) {}

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

SendResult Client::send(std::string_view text) {
  return shared_->send(MessageKind::Text, core::asBytes(text));
}

SendResult Client::sendBinary(std::span<const std::byte> payload) {
  return shared_->send(MessageKind::Binary, payload);
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

}  // namespace tidewire
