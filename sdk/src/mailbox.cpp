#include "mailbox.hpp"

#include <utility>

namespace tidewire::internal {

ConnectResult Mailbox::connect(Post& post) {
  const Lock lock(mutex_);
  if (wish_ == Wish::Up) {
    return ConnectResult::AlreadyStarted;
  }
  wish_ = Wish::Up;
  this->post({.kind = Command::Kind::Connect}, post);
  return ConnectResult::Started;
}

CloseResult Mailbox::close(std::uint16_t code, std::string_view reason, Post& post) {
  const Lock lock(mutex_);
  if (wish_ != Wish::Up) {
    return CloseResult::AlreadyClosed;
  }
  wish_ = Wish::Down;
  this->post({.kind = Command::Kind::Close, .code = code, .reason = std::string(reason)}, post);
  return CloseResult::Accepted;
}

ReconnectResult Mailbox::reconnect(Post& post) {
  const Lock lock(mutex_);
  if (wish_ != Wish::Up) {
    return ReconnectResult::Closed;
  }
  this->post({.kind = Command::Kind::Reconnect}, post);
  return ReconnectResult::Started;
}

HeartbeatResult Mailbox::ask(Post& post) {
  const Lock lock(mutex_);
  if (wish_ != Wish::Up || state_ != State::Open) {
    return HeartbeatResult::NotOpen;
  }
  this->post({.kind = Command::Kind::Ask}, post);
  return HeartbeatResult::Asked;
}

void Mailbox::destroy(Post& post) {
  const Lock lock(mutex_);
  wish_ = Wish::Down;
  this->post({.kind = Command::Kind::Destroy}, post);
}

SendResult Mailbox::send(MessageKind kind, std::span<const std::byte> bytes, Post& post) {
  const Lock lock(mutex_);
  const SendResult result = admit(bytes.size());
  if (result == SendResult::Queued) {
    batch_.messages.push_back(store_.put(kind, bytes));
    ++waitingMessages_;
    waitingBytes_ += bytes.size();
    postedBytes_ += bytes.size();
    notice(post);
  }
  return result;
}

SendResult Mailbox::send(core::Outgoing message, Post& post) {
  const Lock lock(mutex_);
  const SendResult result = admit(message.sizeBytes);
  if (result == SendResult::Queued) {
    ++waitingMessages_;
    waitingBytes_ += message.sizeBytes;
    postedBytes_ += message.sizeBytes;
    batch_.messages.push_back(std::move(message));
    notice(post);
  }
  return result;
}

State Mailbox::state() const {
  const Lock lock(mutex_);
  return state_;
}

void Mailbox::hold() {
  const Lock lock(mutex_);
  posted_ = true;
}

void Mailbox::take(Batch& batch) {
  const Lock lock(mutex_);
  std::swap(batch, batch_);
  postedBytes_ = 0;
  store_.seal();
}

void Mailbox::setState(State state) {
  const Lock lock(mutex_);
  state_ = state;
  // The connection gave up by itself: unless the application has asked for something since, it has to be asked again.
  if (state == State::Closed && batch_.commands.empty()) {
    wish_ = Wish::Down;
  }
}

bool Mailbox::settle(std::size_t queuedMessages, std::size_t queuedBytes) {
  const Lock lock(mutex_);
  waitingMessages_ = queuedMessages + batch_.messages.size();
  waitingBytes_ = queuedBytes + postedBytes_;
  posted_ = !batch_.commands.empty() || !batch_.messages.empty();
  return !posted_;
}

SendResult Mailbox::admit(std::size_t bytes) const {
  if (wish_ == Wish::Down) {
    return SendResult::Closed;
  }
  if (bytes > limits_.maxBytes) {
    return SendResult::TooLarge;
  }
  if (waitingMessages_ >= limits_.maxMessages || limits_.maxBytes - bytes < waitingBytes_) {
    return SendResult::QueueFull;
  }
  return SendResult::Queued;
}

void Mailbox::post(Command command, Post& post) {
  command.messagesBefore = batch_.messages.size();
  batch_.commands.push_back(std::move(command));
  notice(post);
}

void Mailbox::notice(Post& post) {
  post.wake = !std::exchange(posted_, true);
}

}  // namespace tidewire::internal
