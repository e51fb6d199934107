#include "session_shared.hpp"

#include <string>

namespace tidewire::internal {

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
