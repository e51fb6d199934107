#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "client_shared.hpp"
#include "core/protocol/outbox_budget.hpp"
#include "core/protocol/session_actions.hpp"
#include "core/time.hpp"
#include "layer_post.hpp"
#include "platform/sync.hpp"
#include "session_news.hpp"
#include "tidewire/session_options.hpp"

// State shared between the objects of a session and its layer on the loop thread.
namespace tidewire::internal {

/// State of a session that its calls and its layer use. Any thread.
class SessionState {
 public:
  explicit SessionState(const OutboxOptions& limits) : outbox_(limits) {}

  /// Takes room in the outbox for one call, as `OutboxBudget` decides.
  [[nodiscard]] CallResult admit(std::size_t bytes);
  /// Returns the room of a call that is over.
  void release(std::size_t bytes);

  void setRefusal(std::optional<SessionError> refusal);
  [[nodiscard]] std::optional<SessionError> refusal() const;
  void setServerOffset(std::optional<core::Duration> offset);
  /// The server's clock at `now`.
  [[nodiscard]] std::optional<std::chrono::milliseconds> serverTime(core::Time now) const;

 private:
  mutable Mutex mutex_;
  core::protocol::OutboxBudget outbox_;
  std::optional<SessionError> refusal_;
  std::optional<core::Duration> serverOffset_;
};

/// One subscription, shared by its handle and the layer.
class SubscriptionShared final : public Recipient, public std::enable_shared_from_this<SubscriptionShared> {
 public:
  SubscriptionShared(std::weak_ptr<ClientShared> client, std::shared_ptr<SessionState> session, std::string channel,
                     const SubscribeOptions& options, SubscriptionHandlers handlers);

  void unsubscribe();
  [[nodiscard]] const std::string& channel() const noexcept { return channel_; }
  [[nodiscard]] bool isLive() const { return live_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::optional<ChannelPosition> position() const;
  [[nodiscard]] std::optional<std::chrono::milliseconds> age() const;

  // The layer.
  void setLive(bool live) { live_.store(live, std::memory_order_relaxed); }

  void receive(const SessionEvent& event) override;
  [[nodiscard]] bool absorb(const SessionEvent& event) override;

  /// Given by the layer, and read by nobody else; 0 before.
  core::protocol::SubscriberId id = 0;

 private:
  void receive(tidewire::Event event, const std::optional<Message>& body);
  void receive(const core::protocol::Loss& loss);
  void receive(const ChannelPosition& position);
  void receive(const SessionError& error);

  void note(const tidewire::Event& event);
  void note(const ChannelPosition& position);

  const std::weak_ptr<ClientShared> client_;
  const std::shared_ptr<SessionState> session_;
  const std::string channel_;
  const SubscriptionHandlers handlers_;
  std::atomic<bool> gone_ = false;
  std::atomic<bool> live_ = false;

  mutable Mutex mutex_;
  std::optional<ChannelPosition> position_;
  std::optional<std::chrono::milliseconds> lastTime_;  // By the server's clock.
};

/// One publish or request, shared by its caller and the layer.
class CallShared final : public Recipient, public std::enable_shared_from_this<CallShared> {
 public:
  CallShared(std::weak_ptr<ClientShared> client, Callback<const Ack&> acked, Callback<const Reply&> replied)
      : Recipient(false), client_(std::move(client)), acked_(std::move(acked)), replied_(std::move(replied)) {}

  void cancel();
  void receive(const SessionEvent& event) override;
  [[nodiscard]] bool absorb(const SessionEvent& /*event*/) override { return cancelled_.load(); }

  /// Given by the layer, and read by nobody else; 0 before.
  core::protocol::CallId id = 0;

 private:
  const std::weak_ptr<ClientShared> client_;
  const Callback<const Ack&> acked_;
  const Callback<const Reply&> replied_;
  std::atomic<bool> cancelled_ = false;
};

// Commands to the layer.

struct SubscribePost {
  std::shared_ptr<SubscriptionShared> subscription;
  SubscribeOptions options;
};
struct UnsubscribePost {
  std::shared_ptr<SubscriptionShared> subscription;
};
struct CallPost {
  core::protocol::Call call;
  std::shared_ptr<CallShared> shared;
};
struct CancelPost {
  std::shared_ptr<CallShared> call;
};
struct AuthenticatePost {
  std::string token;
};
class SessionPost final : public LayerPost {
 public:
  using What = std::variant<SubscribePost, UnsubscribePost, CallPost, CancelPost, AuthenticatePost>;
  explicit SessionPost(What posted) : what(std::move(posted)) {}

  What what;
};

}  // namespace tidewire::internal
