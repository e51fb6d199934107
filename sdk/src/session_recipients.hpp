#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/protocol/session_actions.hpp"
#include "platform/sync.hpp"
#include "session_news.hpp"
#include "tidewire/session_events.hpp"

namespace tidewire::internal {

/// One subscription: its state, and the receiver of its news. The derived class runs the application's callbacks.
class Subscriber : public Recipient, public std::enable_shared_from_this<Subscriber> {
 public:
  Subscriber(std::string channel, bool conflates) : Recipient(conflates), channel_(std::move(channel)) {}

  // Any thread.
  [[nodiscard]] const std::string& channel() const noexcept { return channel_; }
  [[nodiscard]] bool isLive() const { return live_.load(std::memory_order_relaxed); }
  /// Of the newest event whose callback has run.
  [[nodiscard]] std::optional<ChannelPosition> position() const;
  /// The server's time of that event.
  [[nodiscard]] std::optional<std::chrono::milliseconds> lastTime() const;
  /// No callback starts after this. Returns false if it was called before.
  bool end();
  [[nodiscard]] bool hasEnded() const { return ended_.load(); }

  void receive(const SessionEvent& event) final;
  [[nodiscard]] bool absorb(const SessionEvent& /*event*/) override { return hasEnded(); }

  // The layer.
  void setLive(bool live) { live_.store(live, std::memory_order_relaxed); }
  /// Set and read by the layer alone; 0 before.
  core::protocol::SubscriberId id = 0;

 protected:
  virtual void onEvent(const tidewire::Event& event) = 0;
  virtual void onGap(const Gap& gap) = 0;
  virtual void onSubscribed(const SubscribedInfo& info) = 0;
  virtual void onEnd(const SubscriptionEnd& end) = 0;

  /// Moves the position, for news without a callback.
  void note(const tidewire::Event& event);
  void note(const ChannelPosition& position);

 private:
  void receive(const tidewire::Event& arrived, const std::optional<Message>& body);
  void receive(const core::protocol::Loss& loss);

  const std::string channel_;
  std::atomic<bool> ended_ = false;
  std::atomic<bool> live_ = false;

  static constexpr std::chrono::milliseconds kNoTime = (std::chrono::milliseconds::min)();

  // Changed where callbacks run, which is one thread at a time.
  mutable Mutex mutex_;               // For a change of `epoch_`, and for other threads that read it.
  std::optional<std::string> epoch_;  // Of the position, once there is one.
  std::atomic<std::uint64_t> seq_ = 0;
  std::atomic<std::chrono::milliseconds> lastTime_ = kNoTime;
};

/// One publish or request, as the receiver of its answer. The derived class runs the application's callback.
class Caller : public Recipient, public std::enable_shared_from_this<Caller> {
 public:
  Caller() : Recipient(false) {}

  /// No callback starts after this. Returns false if it was called before.
  bool cancel() { return !cancelled_.exchange(true); }

  void receive(const SessionEvent& event) final;
  [[nodiscard]] bool absorb(const SessionEvent& /*event*/) override { return cancelled_.load(); }

  /// Set and read by the layer alone; 0 before.
  core::protocol::CallId id = 0;

 protected:
  virtual void onAck(const Ack& ack) = 0;
  virtual void onReply(const Reply& reply) = 0;

 private:
  std::atomic<bool> cancelled_ = false;
};

}  // namespace tidewire::internal
