#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "client_shared.hpp"
#include "session_front.hpp"
#include "tidewire/session_options.hpp"

namespace tidewire::internal {

class SessionShared;

/// One subscription of a `Session`, shared by its handle and the layer.
class SubscriptionShared final : public Subscriber {
 public:
  SubscriptionShared(std::weak_ptr<SessionShared> session, std::string channel, const SubscribeOptions& options,
                     SubscriptionHandlers handlers)
      : Subscriber(std::move(channel), options.conflate),
        session_(std::move(session)),
        handlers_(std::move(handlers)) {}

  void unsubscribe();
  [[nodiscard]] std::optional<std::chrono::milliseconds> age() const;
  [[nodiscard]] bool absorb(const SessionEvent& event) override;

 private:
  void onEvent(const tidewire::Event& event) override;
  void onGap(const Gap& gap) override;
  void onSubscribed(const SubscribedInfo& info) override;
  void onEnd(const SubscriptionEnd& end) override;

  const std::weak_ptr<SessionShared> session_;
  const SubscriptionHandlers handlers_;
};

/// One publish or request of a `Session`, shared by its caller and the layer.
class CallShared final : public Caller {
 public:
  CallShared(std::weak_ptr<SessionShared> session, Callback<const Ack&> acked, Callback<const Reply&> replied)
      : session_(std::move(session)), acked_(std::move(acked)), replied_(std::move(replied)) {}

  void cancel();

 private:
  void onAck(const Ack& ack) override { acked_(ack); }
  void onReply(const Reply& reply) override { replied_(reply); }

  const std::weak_ptr<SessionShared> session_;
  const Callback<const Ack&> acked_;
  const Callback<const Reply&> replied_;
};

}  // namespace tidewire::internal
