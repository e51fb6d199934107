#pragma once

#include <memory>
#include <string_view>

#include "client_loop.hpp"
#include "delivery.hpp"
#include "loop.hpp"
#include "mailbox.hpp"
#include "tidewire/options.hpp"

namespace tidewire::internal {

/// What a `Client` and the loop thread share. The application's calls end in the mailbox; the loop's half is made at
/// the first turn and unmade by the last, and keeps this block alive in between.
class ClientShared final : public LoopTask, public std::enable_shared_from_this<ClientShared> {
 public:
  ClientShared(Options options, std::shared_ptr<Loop> loop);

  // Any thread.
  [[nodiscard]] ConnectResult connect();
  [[nodiscard]] SendResult send(MessageKind kind, std::span<const std::byte> payload);
  /// For a payload that the platform has stored already; `content` is for its `PayloadStore::put`.
  template <class... Content>
  [[nodiscard]] SendResult sendStored(std::size_t sizeBytes, Content&&... content) {
    if (!loop_->acceptsThisThread()) {
      return SendResult::WrongThread;
    }
    Mailbox::Post post;
    const SendResult result = mailbox_.send(sizeBytes, post, std::forward<Content>(content)...);
    wakeIf(post.wake);
    return result;
  }
  [[nodiscard]] CloseResult close(std::uint16_t code, std::string_view reason);
  [[nodiscard]] ReconnectResult reconnect();
  [[nodiscard]] HeartbeatResult heartbeat();
  [[nodiscard]] std::size_t poll(const PollBudget& budget);
  [[nodiscard]] State state() const { return mailbox_.state(); }
  void destroy();

  template <class EventType>
  void set(Handler<EventType> Handlers::*member, std::function<void(const EventType&)> handler) {
    if (loop_->acceptsThisThread()) {
      delivery_.set(member, std::move(handler));
    }
  }

  // Loop thread.
  void turn() override;

 private:
  [[nodiscard]] ConnectResult checkOptions() const;
  void wakeIf(bool asked) {
    if (asked) {
      loop_->wake(shared_from_this());
    }
  }

  const Options options_;
  const std::shared_ptr<Loop> loop_;
  Mailbox mailbox_;
  Delivery delivery_;

  // Loop thread only.
  std::unique_ptr<ClientLoop> clientLoop_;
  std::shared_ptr<ClientShared> self_;
  bool gone_ = false;
};

}  // namespace tidewire::internal
