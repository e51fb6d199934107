#include "session_parts.hpp"

#include <utility>

namespace tidewire::internal {
namespace {

/// What a call weighs in the outbox besides its body.
constexpr std::size_t kCallBytes = 256;

}  // namespace

// SessionState.

CallResult SessionState::admit(std::size_t bytes) {
  const std::size_t weight = bytes + kCallBytes;
  const Lock lock(mutex_);
  if (weight > outbox_.maxBytes) {
    return CallResult::TooLarge;
  }
  if (calls_ >= outbox_.maxCalls || outbox_.maxBytes - weight < bytes_) {
    return CallResult::QueueFull;
  }
  ++calls_;
  bytes_ += weight;
  return CallResult::Queued;
}

void SessionState::release(std::size_t bytes) {
  const Lock lock(mutex_);
  --calls_;
  bytes_ -= bytes + kCallBytes;
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
  if (!gone_.load()) {
    std::visit([this, &event](const auto& news) { receive(news, event); }, event.news);
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
  if (const auto* news = std::get_if<EventNews>(&event.news)) {
    note(*news);
  } else if (const auto* position = std::get_if<ChannelPosition>(&event.news)) {
    note(*position);
  }
  return true;
}

void SubscriptionShared::note(const EventNews& news) {
  const Lock lock(mutex_);
  if (position_) {
    position_->seq = news.seq;
  }
  lastTime_ = news.ts ? std::optional(std::chrono::milliseconds(*news.ts)) : std::nullopt;
}

void SubscriptionShared::note(const ChannelPosition& news) {
  const Lock lock(mutex_);
  position_ = news;
}

void SubscriptionShared::receive(const EventNews& news, const SessionEvent& event) {
  tidewire::Event told{.channel = channel_, .seq = news.seq, .skipped = news.skipped};
  if (news.ts) {
    told.time = std::chrono::milliseconds(*news.ts);
  }
  if (event.body) {
    told.body = Body(&*event.body);
  }
  note(news);
  if (handlers_.onEvent) {
    handlers_.onEvent(told);
  }
}

void SubscriptionShared::receive(const core::protocol::Loss& news, const SessionEvent& /*event*/) {
  if (!handlers_.onGap) {
    return;
  }
  Gap gap{.channel = channel_};
  if (news.range) {
    gap.hasRange = true;
    gap.from = news.range->from;
    gap.to = news.range->to;
  }
  handlers_.onGap(gap);
}

void SubscriptionShared::receive(const ChannelPosition& news, const SessionEvent& /*event*/) {
  note(news);
  if (handlers_.onSubscribed) {
    handlers_.onSubscribed({.channel = channel_, .position = news});
  }
}

void SubscriptionShared::receive(const SessionError& news, const SessionEvent& /*event*/) {
  if (handlers_.onEnd) {
    handlers_.onEnd({.channel = channel_, .error = news});
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
