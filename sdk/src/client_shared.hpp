#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client_loop.hpp"
#include "core/options_fault.hpp"
#include "delivery.hpp"
#include "endpoint_question.hpp"
#include "journal.hpp"
#include "mailbox.hpp"
#include "platform/loop.hpp"
#include "tidewire/options.hpp"

namespace tidewire::internal {

/// What a `Client` and the loop thread share. The application's calls end in the mailbox; the loop's half is made at
/// the first turn and unmade by the last, and keeps this block alive in between.
class ClientShared final : public ClientLoopHost,
                           public EndpointAnswers,
                           public std::enable_shared_from_this<ClientShared> {
 public:
  ClientShared(Options options, std::shared_ptr<Loop> loop, MakeLayer makeLayer = {});

  // Any thread.
  [[nodiscard]] ConnectResult connect();
  [[nodiscard]] core::OptionsFault fault() const;
  [[nodiscard]] SendResult send(MessageKind kind, std::span<const std::byte> payload, const SendOptions& options);
  /// For a payload that the platform has stored already; `content` is for its `PayloadStore::put`.
  template <class... Content>
  [[nodiscard]] SendResult sendStored(std::size_t sizeBytes, const SendOptions& options, Content&&... content) {
    if (!loop_->acceptsThisThread()) {
      return SendResult::WrongThread;
    }
    const Mailbox::SendMode mode{.whenNotOpen = options.whenNotOpen.value_or(options_.sendQueue.whenNotOpen),
                                 .onOpenOf = delivery_.openRunsHere()};
    Mailbox::Post post;
    const SendResult result = mailbox_.send(sizeBytes, mode, post, std::forward<Content>(content)...);
    wakeIf(post.wake);
    return result;
  }
  [[nodiscard]] CloseResult close(std::uint16_t code, std::string_view reason);
  [[nodiscard]] ReconnectResult reconnect();
  [[nodiscard]] HeartbeatResult heartbeat();
  [[nodiscard]] PauseResult pause(bool paused);
  [[nodiscard]] WaitResult waitOpen(std::chrono::milliseconds timeout) const;
  [[nodiscard]] WaitResult waitClosed(std::chrono::milliseconds timeout) const;
  [[nodiscard]] std::size_t poll(const PollBudget& budget);
  [[nodiscard]] State state() const { return mailbox_.state(); }
  [[nodiscard]] std::size_t bufferedAmount() const { return mailbox_.bufferedAmount(); }
  [[nodiscard]] Stats stats() const;
  [[nodiscard]] std::string flightRecord() const { return journal_.dump(); }
  /// Whether calls may come from the present thread.
  [[nodiscard]] bool acceptsThisThread() const { return loop_->acceptsThisThread(); }
  [[nodiscard]] core::Time now() const { return loop_->now(); }
  /// For the layer. `unlessDown`: not if the client is closing or closed. Returns whether it was taken.
  bool post(std::unique_ptr<LayerPost> post, bool unlessDown);
  /// Waits for a callback that another thread runs.
  void awaitCallback() { delivery_.awaitCallback(); }
  void answerEndpoint(std::uint64_t attempt, Endpoint endpoint, std::unique_ptr<LayerPost> post) override;
  void failEndpoint(std::uint64_t attempt, std::string_view why) override;
  void destroy();

  template <class EventType>
  void set(Handler<EventType> Handlers::*member, std::function<void(const EventType&)> handler) {
    if (loop_->acceptsThisThread()) {
      delivery_.set(member, std::move(handler));
    }
  }

  // Loop thread.
  void turn() override;
  void hint(core::Hint hint) override;
  void loopGone() override;
  void turnAgain() override { wakeIf(true); }
  void openReturned(std::uint64_t attempt) override;
  void scheduleRun() override;
  [[nodiscard]] std::weak_ptr<EndpointAnswers> endpointAnswers() override { return weak_from_this(); }

 private:
  void tell(Command command);
  void runOne();
  [[nodiscard]] Delivery::Polled runQueued(const PollBudget& budget);
  [[nodiscard]] std::optional<WaitResult> waitFault() const;
  void wakeIf(bool asked) {
    if (asked) {
      loop_->wake(shared_from_this());
    }
  }

  const Options options_;
  const Endpoint configured_;
  const std::shared_ptr<Loop> loop_;
  const MakeLayer makeLayer_;
  Mailbox mailbox_;
  Delivery delivery_;
  Journal journal_;

  // Loop thread only.
  std::unique_ptr<ClientLoop> clientLoop_;
  std::shared_ptr<ClientShared> self_;
  bool gone_ = false;
};

}  // namespace tidewire::internal
