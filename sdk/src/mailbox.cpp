#include "mailbox.hpp"

#include <algorithm>
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

State Mailbox::state() const {
  const Lock lock(mutex_);
  return state_;
}

void Mailbox::hold() {
  const Lock lock(mutex_);
  posted_ = true;
}

Mailbox::Batch Mailbox::take() {
  const Lock lock(mutex_);
  postedBytes_ = 0;
  return {std::exchange(commands_, {}), store_.take()};
}

std::size_t Mailbox::setState(State state, bool reopens) {
  const Lock lock(mutex_);
  state_ = state;
  const bool connects = std::any_of(commands_.begin(), commands_.end(), isConnect);
  if (state != State::Closed || reopens || connects) {
    return 0;
  }
  // Perhaps the connection gave up by itself; then it has to be asked again.
  wish_ = Wish::Down;
  for (Command& command : commands_) {
    command.messagesBefore = 0;
  }
  postedBytes_ = 0;
  const std::size_t dropped = store_.count();
  (void)store_.take();
  return dropped;
}

bool Mailbox::settle(std::size_t queuedMessages, std::size_t queuedBytes) {
  const Lock lock(mutex_);
  waitingMessages_ = queuedMessages + store_.count();
  waitingBytes_ = queuedBytes + postedBytes_;
  posted_ = !commands_.empty() || store_.count() > 0;
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
  command.messagesBefore = store_.count();
  commands_.push_back(std::move(command));
  notice(post);
}

}  // namespace tidewire::internal
