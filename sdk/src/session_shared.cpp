#include "session_shared.hpp"

#include <string>

namespace tidewire::internal {

ConnectResult SessionShared::connect() {
  return fault_ && client_->acceptsThisThread() ? fault_.result : client_->connect();
}

// SubscriptionShared.

void SubscriptionShared::unsubscribe() {
  if (!end()) {
    return;
  }
  if (const auto session = session_.lock()) {
    session->front().unsubscribe(shared_from_this());
    session->client().awaitCallback();
  }
}

std::optional<std::chrono::milliseconds> SubscriptionShared::age() const {
  const auto session = session_.lock();
  return session == nullptr ? std::nullopt : session->front().ageOf(*this);
}

bool SubscriptionShared::absorb(const SessionEvent& event) {
  if (hasEnded()) {
    return true;
  }
  if (std::holds_alternative<core::protocol::Loss>(event.news)) {
    return !handlers_.onGap;
  }
  if (std::holds_alternative<SessionError>(event.news)) {
    return !handlers_.onEnd;
  }
  // News that move the position keep their order: all of them are queued, or none.
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

void SubscriptionShared::onEvent(const tidewire::Event& event) {
  if (handlers_.onEvent) {
    handlers_.onEvent(event);
  }
}

void SubscriptionShared::onGap(const Gap& gap) {
  if (handlers_.onGap) {
    handlers_.onGap(gap);
  }
}

void SubscriptionShared::onSubscribed(const SubscribedInfo& info) {
  if (handlers_.onSubscribed) {
    handlers_.onSubscribed(info);
  }
}

void SubscriptionShared::onEnd(const SubscriptionEnd& end) {
  if (handlers_.onEnd) {
    handlers_.onEnd(end);
  }
}

// CallShared.

void CallShared::cancel() {
  if (!Caller::cancel()) {
    return;
  }
  if (const auto session = session_.lock()) {
    session->front().cancel(shared_from_this());
  }
}

// SessionShared.

std::shared_ptr<SubscriptionShared> SessionShared::subscribe(std::string_view channel, SubscribeOptions options,
                                                             SubscriptionHandlers handlers) {
  auto subscription =
      std::make_shared<SubscriptionShared>(weak_from_this(), std::string(channel), options, std::move(handlers));
  front_.subscribe(subscription, std::move(options));
  return subscription;
}

CallResult SessionShared::publish(std::string_view channel, MessageKind kind, std::span<const std::byte> body,
                                  const PublishOptions& options, Callback<const Ack&> done) {
  std::shared_ptr<CallShared> call;
  if (options.ack && done) {
    call = std::make_shared<CallShared>(weak_from_this(), std::move(done), nullptr);
  }
  return front_.publish(channel, kind, body, options, std::move(call));
}

std::pair<CallResult, std::shared_ptr<CallShared>> SessionShared::request(std::string_view method, MessageKind kind,
                                                                          std::span<const std::byte> body,
                                                                          const RequestOptions& options,
                                                                          Callback<const Reply&> done) {
  std::shared_ptr<CallShared> call;
  if (done) {
    call = std::make_shared<CallShared>(weak_from_this(), nullptr, std::move(done));
  }
  const CallResult result = front_.request(method, kind, body, options, call);
  return {result, result == CallResult::Queued ? std::move(call) : nullptr};
}

}  // namespace tidewire::internal
