#include "session_parts.hpp"

#include <utility>

namespace tidewire::internal {

// SessionState.

CallResult SessionState::admit(std::size_t bytes) {
  const Lock lock(mutex_);
  return outbox_.admit(bytes);
}

void SessionState::release(std::size_t bytes) {
  const Lock lock(mutex_);
  outbox_.release(bytes);
}

void SessionState::setRefusal(std::optional<SessionError> refusal) {
  const Lock lock(mutex_);
  refusal_ = std::move(refusal);
}

std::optional<SessionError> SessionState::refusal() const {
  const Lock lock(mutex_);
  return refusal_;
}

void SessionState::setServerOffset(std::optional<core::Duration> offset) {
  const Lock lock(mutex_);
  serverOffset_ = offset;
}

std::optional<std::chrono::milliseconds> SessionState::serverTime(core::Time now) const {
  const Lock lock(mutex_);
  if (!serverOffset_) {
    return std::nullopt;
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch() + *serverOffset_);
}

// SubscriptionShared.

SubscriptionShared::SubscriptionShared(std::weak_ptr<ClientShared> client, std::shared_ptr<SessionState> session,
                                       std::string channel, const SubscribeOptions& options,
                                       SubscriptionHandlers handlers)
    : Recipient(options.conflate),
      client_(std::move(client)),
      session_(std::move(session)),
      channel_(std::move(channel)),
      handlers_(std::move(handlers)) {}

void SubscriptionShared::unsubscribe() {
  if (gone_.exchange(true)) {
    return;
  }
  setLive(false);
  if (const auto client = client_.lock()) {
    client->post(std::make_unique<SessionPost>(UnsubscribePost{shared_from_this()}), false);
    client->awaitCallback();
  }
}

std::optional<ChannelPosition> SubscriptionShared::position() const {
  const Lock lock(mutex_);
  return position_;
}

std::optional<std::chrono::milliseconds> SubscriptionShared::age() const {
  const auto client = client_.lock();
  const auto now = client == nullptr ? std::nullopt : session_->serverTime(client->now());
  const Lock lock(mutex_);
  return now && lastTime_ ? std::optional(*now - *lastTime_) : std::nullopt;
}

void SubscriptionShared::receive(const SessionEvent& event) {
  if (gone_.load()) {
    return;
  }
  if (const auto* news = std::get_if<tidewire::Event>(&event.news)) {
    receive(*news, event.body);
  } else if (const auto* loss = std::get_if<core::protocol::Loss>(&event.news)) {
    receive(*loss);
  } else if (const auto* position = std::get_if<ChannelPosition>(&event.news)) {
    receive(*position);
  } else if (const auto* error = std::get_if<SessionError>(&event.news)) {
    receive(*error);
  }
}

bool SubscriptionShared::absorb(const SessionEvent& event) {
  if (gone_.load()) {
    return true;
  }
  if (std::holds_alternative<core::protocol::Loss>(event.news)) {
    return !handlers_.onGap;
  }
  if (std::holds_alternative<SessionError>(event.news)) {
    return !handlers_.onEnd;
  }
  // What moves the position keeps its order: all of it is queued, or nothing.
  if (handlers_.onEvent || handlers_.onSubscribed) {
    return false;
  }
  if (const auto* news = std::get_if<tidewire::Event>(&event.news)) {
    note(*news);
  } else if (const auto* position = std::get_if<ChannelPosition>(&event.news)) {
    note(*position);
  }
  return true;
}

void SubscriptionShared::note(const tidewire::Event& event) {
  const Lock lock(mutex_);
  if (position_) {
    position_->seq = event.seq;
  }
  lastTime_ = event.time;
}

void SubscriptionShared::note(const ChannelPosition& position) {
  const Lock lock(mutex_);
  position_ = position;
}

void SubscriptionShared::receive(tidewire::Event event, const std::optional<Message>& body) {
  note(event);
  if (handlers_.onEvent) {
    event.body = body ? Body(&*body) : Body();
    handlers_.onEvent(event);
  }
}

void SubscriptionShared::receive(const core::protocol::Loss& loss) {
  if (!handlers_.onGap) {
    return;
  }
  Gap gap{.channel = channel_};
  if (loss.range) {
    gap.hasRange = true;
    gap.from = loss.range->from;
    gap.to = loss.range->to;
  }
  handlers_.onGap(gap);
}

void SubscriptionShared::receive(const ChannelPosition& position) {
  note(position);
  if (handlers_.onSubscribed) {
    handlers_.onSubscribed({.channel = channel_, .position = position});
  }
}

void SubscriptionShared::receive(const SessionError& error) {
  if (handlers_.onEnd) {
    handlers_.onEnd({.channel = channel_, .error = error});
  }
}

// CallShared.

void CallShared::cancel() {
  if (cancelled_.exchange(true)) {
    return;
  }
  if (const auto client = client_.lock()) {
    client->post(std::make_unique<SessionPost>(CancelPost{shared_from_this()}), false);
  }
}

void CallShared::receive(const SessionEvent& event) {
  if (const auto* ack = std::get_if<Ack>(&event.news)) {
    acked_(*ack);
  } else if (const auto* reply = std::get_if<ReplyNews>(&event.news); reply != nullptr && !cancelled_.load()) {
    replied_({.error = reply->error, .body = event.body ? Body(&*event.body) : Body()});
  }
}

}  // namespace tidewire::internal
