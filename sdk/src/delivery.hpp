#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <variant>

#include "sync.hpp"
#include "tidewire/client.hpp"

namespace tidewire::internal {

/// Shared between sets of handlers, so that setting one never copies another, which may be running.
template <class EventType>
using Handler = std::shared_ptr<const std::function<void(const EventType&)>>;

struct Handlers {
  Handler<Opened> onOpen;
  Handler<Message> onMessage;
  Handler<CloseInfo> onClose;
  Handler<StateChange> onStateChange;
  Handler<HeartbeatInfo> onHeartbeat;
};

using Event = std::variant<StateChange, Opened, Message, CloseInfo, HeartbeatInfo>;

/// Runs the application's callbacks: at once on the loop thread, or from a bounded queue inside `poll`.
///
/// Callbacks run between `begin` and `end`, which note the thread: `stop` waits for another thread's running callback
/// and for nothing else. No lock is held while one runs, and each set of handlers lives until the callback that uses it
/// has returned.
class Delivery {
 public:
  Delivery(Callbacks mode, std::size_t maxBytes)
      : polled_(mode == Callbacks::Poll), maxBytes_(maxBytes), handlers_(std::make_shared<const Handlers>()) {}

  // Any thread.

  template <class EventType>
  void set(Handler<EventType> Handlers::*member, std::function<void(const EventType&)> handler) {
    // Both are freed after the lock: their destructors are the application's code.
    std::shared_ptr<const Handlers> old;
    Handler<EventType> made;
    if (handler) {
      made = std::make_shared<const std::function<void(const EventType&)>>(std::move(handler));
    }
    const Lock lock(mutex_);
    if (stopped()) {
      return;
    }
    auto changed = std::make_shared<Handlers>(*handlers_);
    changed.get()->*member = std::move(made);
    old = std::exchange(handlers_, std::move(changed));
    version_.fetch_add(1, std::memory_order_release);
  }

  /// No callback starts after this. Waits for one that runs on another thread.
  void stop();

  /// Runs queued callbacks. `madeRoom` tells that the queue was full and no longer is.
  std::size_t poll(const PollBudget& budget, bool& madeRoom);

  // Loop thread.

  /// Brackets a row of `deliver` calls.
  void begin();
  void end();
  void deliver(Message& message);
  void deliver(Event event);
  /// Whether the queue has reached its bound.
  [[nodiscard]] bool isFull();
  [[nodiscard]] bool stopped() const noexcept { return stopped_.load(std::memory_order_acquire); }

 private:
  [[nodiscard]] bool claim();
  void release();
  [[nodiscard]] const Handlers& current();
  void run(const Event& event);
  void enqueue(Event event);
  [[nodiscard]] bool dequeue(Event& event);

  const bool polled_;
  const std::size_t maxBytes_;

  Mutex mutex_;
  Condition released_;
  bool running_ = false;
  ThreadId runner_{};
  std::shared_ptr<const Handlers> handlers_;
  std::deque<Event> queue_;
  std::size_t queuedBytes_ = 0;
  bool full_ = false;

  std::atomic<bool> stopped_ = false;
  std::atomic<std::uint32_t> version_ = 0;

  // Whoever runs callbacks.
  bool claimed_ = false;
  std::shared_ptr<const Handlers> current_;
  std::uint32_t currentVersion_ = 0;
};

}  // namespace tidewire::internal
