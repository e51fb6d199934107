#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "client_front.hpp"
#include "delivery.hpp"
#include "tidewire/send_buffer.hpp"

namespace tidewire::internal {

/// State shared by a `Client` and the loop thread: calls from any thread, and delivery of events to handlers.
class ClientShared final : public ClientFront {
 public:
  ClientShared(Options options, std::shared_ptr<Loop> loop, MakeLayer makeLayer = {});

  // Any thread.
  [[nodiscard]] core::OptionsFault fault() const override;
  [[nodiscard]] SendResult send(MessageKind kind, std::span<const std::byte> payload, const SendOptions& options);
  /// Empties `buffer` if the result is `Queued`.
  [[nodiscard]] SendResult send(MessageKind kind, SendBuffer& buffer, const SendOptions& options);
  [[nodiscard]] WaitResult waitOpen(std::chrono::milliseconds timeout) const;
  [[nodiscard]] WaitResult waitClosed(std::chrono::milliseconds timeout) const;
  [[nodiscard]] std::size_t poll(const PollBudget& budget);
  /// Waits for a callback that another thread runs.
  void awaitCallback() { delivery_.awaitCallback(); }

  template <class EventType>
  void set(Handler<EventType> Handlers::*member, std::function<void(const EventType&)> handler) {
    if (loop_->acceptsThisThread()) {
      delivery_.set(member, std::move(handler));
    }
  }

  // Loop thread.
  void roundEnded() override;

 private:
  void stopCallbacks() override { delivery_.stop(); }
  [[nodiscard]] core::OptionsFault faultOf(const Endpoint& answer) const override;
  void scheduleRun();
  void runTask();
  void polled(const Delivery::Polled& polled);
  [[nodiscard]] SendResult sendSealed(MessageKind kind, std::span<const std::byte> payload, const SendOptions& options);
  [[nodiscard]] bool maySeal(std::size_t sizeBytes, const SendOptions& options) const;
  [[nodiscard]] std::optional<WaitResult> waitFault() const;

  Delivery delivery_;
};

}  // namespace tidewire::internal
