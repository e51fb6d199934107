#include "session_recipients.hpp"

namespace tidewire::internal {

// Subscriber.

std::optional<ChannelPosition> Subscriber::position() const {
  const Lock lock(mutex_);
  return epoch_ ? std::optional(ChannelPosition{*epoch_, seq_.load(std::memory_order_relaxed)}) : std::nullopt;
}

std::optional<std::chrono::milliseconds> Subscriber::lastTime() const {
  const std::chrono::milliseconds time = lastTime_.load(std::memory_order_relaxed);
  return time == kNoTime ? std::nullopt : std::optional(time);
}

bool Subscriber::end() {
  setLive(false);
  return !ended_.exchange(true);
}

void Subscriber::receive(const SessionEvent& event) {
  if (hasEnded()) {
    return;
  }
  if (const auto* news = std::get_if<tidewire::Event>(&event.news)) {
    receive(*news, event.body);
  } else if (const auto* loss = std::get_if<core::protocol::Loss>(&event.news)) {
    receive(*loss);
  } else if (const auto* position = std::get_if<ChannelPosition>(&event.news)) {
    note(*position);
    onSubscribed({.channel = channel_, .position = *position});
  } else if (const auto* error = std::get_if<SessionError>(&event.news)) {
    onEnd({.channel = channel_, .error = *error});
  }
}

void Subscriber::receive(const tidewire::Event& arrived, const std::optional<Message>& body) {
  note(arrived);
  tidewire::Event event = arrived;
  event.body = body ? Body(&*body) : Body();
  onEvent(event);
}

void Subscriber::receive(const core::protocol::Loss& loss) {
  Gap gap{.channel = channel_};
  if (loss.range) {
    gap.hasRange = true;
    gap.from = loss.range->from;
    gap.to = loss.range->to;
  }
  onGap(gap);
}

/// Without the lock, which would cost more than the rest: only callbacks change the position, one at a time, and what
/// another thread reads is this event's or the one before it.
void Subscriber::note(const tidewire::Event& event) {
  if (epoch_) {
    seq_.store(event.seq, std::memory_order_relaxed);
  }
  lastTime_.store(event.time.value_or(kNoTime), std::memory_order_relaxed);
}

void Subscriber::note(const ChannelPosition& position) {
  const Lock lock(mutex_);
  epoch_ = position.epoch;
  seq_.store(position.seq, std::memory_order_relaxed);
}

// Caller.

void Caller::receive(const SessionEvent& event) {
  if (const auto* ack = std::get_if<Ack>(&event.news)) {
    onAck(*ack);
  } else if (const auto* reply = std::get_if<ReplyNews>(&event.news); reply != nullptr && !cancelled_.load()) {
    onReply({.error = reply->error, .body = event.body ? Body(&*event.body) : Body()});
  }
}

}  // namespace tidewire::internal
