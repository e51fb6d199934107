#include "client_shared.hpp"

#include <utility>

#include "core/bytes.hpp"
#include "core/close_code.hpp"
#include "core/subprotocol.hpp"
#include "core/url.hpp"
#include "core/utf8.hpp"

namespace tidewire::internal {

ClientShared::ClientShared(Options options, std::shared_ptr<Loop> loop)
    : options_(std::move(options)),
      loop_(std::move(loop)),
      mailbox_(options_.sendQueue),
      delivery_(options_.callbacks, options_.deliveryQueueBytes) {}

ConnectResult ClientShared::connect() {
  if (!loop_->acceptsThisThread()) {
    return ConnectResult::WrongThread;
  }
  if (const ConnectResult fault = checkOptions(); fault != ConnectResult::Started) {
    return fault;
  }
  Mailbox::Post post;
  const ConnectResult result = mailbox_.connect(post);
  wakeIf(post.wake);
  return result;
}

SendResult ClientShared::send(MessageKind kind, std::span<const std::byte> payload) {
  if (kind == MessageKind::Text && !core::isValidUtf8(payload)) {
    return SendResult::InvalidUtf8;
  }
  return sendStored(payload.size(), kind, payload);
}

CloseResult ClientShared::close(std::uint16_t code, std::string_view reason) {
  if (!loop_->acceptsThisThread()) {
    return CloseResult::WrongThread;
  }
  if (!core::mayApplicationClose(code)) {
    return CloseResult::InvalidCode;
  }
  if (reason.size() > core::kMaxReasonBytes || !core::isValidUtf8(core::asBytes(reason))) {
    return CloseResult::InvalidReason;
  }
  Mailbox::Post post;
  const CloseResult result = mailbox_.close(code, reason, post);
  wakeIf(post.wake);
  return result;
}

ReconnectResult ClientShared::reconnect() {
  if (!loop_->acceptsThisThread()) {
    return ReconnectResult::WrongThread;
  }
  Mailbox::Post post;
  const ReconnectResult result = mailbox_.reconnect(post);
  wakeIf(post.wake);
  return result;
}

HeartbeatResult ClientShared::heartbeat() {
  if (!loop_->acceptsThisThread()) {
    return HeartbeatResult::WrongThread;
  }
  if (!loop_->sendsPings() && options_.heartbeat.message.empty()) {
    return HeartbeatResult::Unsupported;
  }
  Mailbox::Post post;
  const HeartbeatResult result = mailbox_.ask(post);
  wakeIf(post.wake);
  return result;
}

std::size_t ClientShared::poll(const PollBudget& budget) {
  if (!loop_->acceptsThisThread()) {
    return 0;
  }
  const std::shared_ptr<ClientShared> self = shared_from_this();  // A callback may destroy the client.
  bool madeRoom = false;
  const std::size_t ran = delivery_.poll(budget, madeRoom);
  wakeIf(madeRoom);
  return ran;
}

void ClientShared::destroy() {
  delivery_.stop();
  Mailbox::Post post;
  mailbox_.destroy(post);
  wakeIf(post.wake);
}

void ClientShared::turn() {
  if (gone_) {
    return;
  }
  if (clientLoop_ == nullptr) {
    self_ = shared_from_this();
    clientLoop_ = std::make_unique<ClientLoop>(*this, options_, *loop_, mailbox_, delivery_);
  }
  if (!clientLoop_->turn()) {
    gone_ = true;
    clientLoop_.reset();
    self_.reset();
  }
}

ConnectResult ClientShared::checkOptions() const {
  const core::UrlParse parsed = core::parseUrl(options_.url);
  if (parsed.error != core::UrlError::None) {
    return ConnectResult::InvalidUrl;
  }
  if (!core::areValidSubprotocols(options_.subprotocols)) {
    return ConnectResult::InvalidSubprotocol;
  }
  const bool trustAsked = !options_.tls.caFile.empty() || !options_.tls.caPem.empty();
  if ((trustAsked || parsed.url.hasUserInfo) && !loop_->choosesTrust()) {
    return ConnectResult::Unsupported;
  }
  return ConnectResult::Started;
}

}  // namespace tidewire::internal
