#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "client_front.hpp"
#include "core/ring_queue.hpp"
#include "outlet.hpp"
#include "session_front.hpp"

namespace tidewire::internal {

/// A client for bindings to languages with one thread: calls, loop and callbacks share it.
///
/// Events go to the derived class inside the round in which they happen, without handlers, locks or a queue. Only while
/// the client is paused they wait, within `Options::deliveryQueueBytes`.
///
/// Requires: `Callbacks::Automatic`, and options and answered endpoints that `core::findFault` accepts. The binding has
/// checked them where its caller gave them, so that they are not checked twice, and the code is not linked.
class DirectClient : public ClientFront, private Outlet {
 public:
  // The names of `tidewire::Client`, for generated calls.
  [[nodiscard]] std::string connectFault() const { return {}; }
  [[nodiscard]] PauseResult pause() { return ClientFront::pause(true); }
  [[nodiscard]] PauseResult resume() { return ClientFront::pause(false); }

 protected:
  DirectClient(Options options, std::shared_ptr<Loop> loop, MakeLayer makeLayer = {});
  ~DirectClient() = default;

  /// `message` is only valid during the call.
  virtual void onMessage(const Message& message) = 0;
  /// Any other event, but for those that have a receiver of their own: `SessionEvent`, `EndpointRequest`.
  virtual void onEvent(const Event& event) = 0;

 private:
  void begin() override {}
  void end() override {}
  void deliver(Message& message) override;
  bool deliver(Event&& event) override;
  void hold() override { held_ = true; }
  std::uint64_t release() override;
  [[nodiscard]] bool isFull() const override { return heldBytes_ > options_.deliveryQueueBytes; }
  [[nodiscard]] bool wantsDrained() const override { return true; }
  [[nodiscard]] Waiting waiting() const override { return {.events = queue_.size(), .bytes = heldBytes_}; }
  [[nodiscard]] std::uint64_t openRunsHere() const override { return openRuns_; }
  void stopCallbacks() override;
  [[nodiscard]] core::OptionsFault fault() const final { return {}; }
  [[nodiscard]] core::OptionsFault faultOf(const Endpoint& /*answer*/) const final { return {}; }

  void enqueue(Event event);
  void run(const Event& event);

  core::RingQueue<Event> queue_;  // While paused.
  std::size_t heldBytes_ = 0;
  std::uint64_t openRuns_ = 0;
  bool held_ = false;
  bool stopped_ = false;
};

/// The same for a session. Subscriptions and calls are receivers that the binding derives.
class DirectSession : public DirectClient {
 public:
  // The names of `tidewire::Session`, for generated calls.
  [[nodiscard]] CallResult authenticate(std::string token) { return front_.authenticate(std::move(token)); }
  [[nodiscard]] std::optional<std::chrono::milliseconds> serverTime() const { return front_.serverTime(); }

  [[nodiscard]] SessionFront& front() noexcept { return front_; }

 protected:
  DirectSession(Options options, SessionOptions session, const std::shared_ptr<Loop>& loop)
      : DirectSession(SessionSetup(std::move(options), std::move(session), loop), loop) {}
  ~DirectSession() = default;

 private:
  DirectSession(SessionSetup setup, const std::shared_ptr<Loop>& loop)
      : DirectClient(std::move(setup.client), loop, std::move(setup.makeLayer)), front_(*this, setup) {}

  void onMessage(const Message& /*message*/) final {}

  SessionFront front_;
};

}  // namespace tidewire::internal
