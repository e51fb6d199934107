#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/ring_queue.hpp"
#include "core/time.hpp"
#include "gate.hpp"
#include "message_memory.hpp"
#include "outlet.hpp"
#include "platform/sync.hpp"
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
  Handler<Dropped> onDropped;
  Handler<Drained> onDrain;
  Handler<SessionError> onError;
  Handler<EndpointRequest> endpoint;
};

/// Runs the application's callbacks: at once on the loop thread, or from a bounded queue inside `poll` or the
/// executor's tasks.
///
/// Callbacks run inside a gate: `stop` waits for another thread's running callback and for nothing else. No
/// lock is held while one runs, and each set of handlers lives until the callback that uses it has returned.
class Delivery final : public Outlet {
 public:
  Delivery(Callbacks mode, std::size_t maxBytes)
      : mode_(mode), maxBytes_(maxBytes), handlers_(std::make_shared<const Handlers>()) {}

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
    wantsMessages_.store(changed->onMessage != nullptr, std::memory_order_relaxed);
    old = std::exchange(handlers_, std::move(changed));
    version_.fetch_add(1, std::memory_order_release);
  }

  /// No callback starts after this. Waits for one that runs on another thread.
  void stop();

  /// Waits until a callback that another thread runs has returned. Inside a callback it returns at once.
  void awaitCallback();

  /// Result of running queued callbacks.
  struct Polled {
    std::size_t ran = 0;
    bool madeRoom = false;           ///< The queue was full and no longer is.
    bool more = false;               ///< Something is left.
    std::uint64_t openReturned = 0;  ///< The attempt whose `onOpen` was among them.
  };
  [[nodiscard]] Polled poll(const PollBudget& budget, const std::function<core::Time()>& now);
  /// Runs one queued callback, or several of `onMessage` in a row: a task of the executor.
  [[nodiscard]] Polled runTask();

  /// Whether the calling thread runs a callback of this client.
  [[nodiscard]] bool runsHere() const;
  /// The attempt whose `onOpen` the calling thread runs, or 0.
  [[nodiscard]] std::uint64_t openRunsHere() const override {
    const std::uint64_t attempt = runsOpen_.load(std::memory_order_relaxed);
    return attempt != 0 && runsHere() ? attempt : 0;
  }

  // Loop thread.

  void begin() override;
  void end() override;
  void deliver(Message& message) override;
  bool deliver(Event&& event) override;
  void hold() noexcept override { held_ = true; }
  std::uint64_t release() override;
  [[nodiscard]] bool isFull() const override;
  [[nodiscard]] bool wantsDrained() const override { return wants(&Handlers::onDrain); }
  /// True once per batch: events are queued and no runner is scheduled.
  [[nodiscard]] bool needsRunner();

  [[nodiscard]] Waiting waiting() const override;
  [[nodiscard]] bool stopped() const noexcept { return stopped_.load(std::memory_order_acquire); }

 private:
  /// Messages in a row, or another event.
  struct Queued {
    std::vector<Message> messages;
    std::unique_ptr<Event> event;
  };

  template <class EventType>
  [[nodiscard]] bool wants(Handler<EventType> Handlers::*member) const {
    const Lock lock(mutex_);
    return handlers_ != nullptr && handlers_.get()->*member != nullptr;
  }
  /// The place of the next queued event that may run, or the queue's size. While messages are held back, that is also a
  /// request to `Options::endpoint` behind them: without an answer there will be no connection.
  [[nodiscard]] std::size_t nextEvent(const Lock&) const;
  [[nodiscard]] bool claim();
  void leave();
  [[nodiscard]] const Handlers& current();
  void run(const Event& event);
  /// Returns whether it is queued; an event without a handler is not.
  bool enqueue(Event&& event);
  [[nodiscard]] bool isHandled(const Event& event, const Lock&) const;
  void push(Event&& event, const Lock&);
  void pushArrived(const Lock&);
  [[nodiscard]] bool conflate(Event& event, const Lock&);
  [[nodiscard]] bool conflate(SessionEvent& event, const Lock&);
  [[nodiscard]] bool conflate(const SessionError& error, const Lock&);
  /// Takes what is next from the queue: messages, or another event. Nothing of the application's is replaced or
  /// destroyed under the lock: its destructors may call what takes it.
  [[nodiscard]] std::unique_ptr<Event> take();
  template <class Continues>
  void runQueued(Polled& polled, std::size_t most, Continues continues);
  void finish(Polled& polled);

  const Callbacks mode_;
  const std::size_t maxBytes_;

  mutable Mutex mutex_;
  Gate gate_;
  std::shared_ptr<const Handlers> handlers_;
  core::RingQueue<Queued> queue_;
  // Of the queue, and of the messages that were taken from it, less those that had run at the end of the last poll.
  std::size_t queuedEvents_ = 0;
  std::size_t queuedBytes_ = 0;
  std::vector<Message> spare_;      // Empty, with the memory of messages that have run.
  std::uint64_t queueVersion_ = 0;  // Grows when an event is queued that no other may be moved across.
  // The newest error that waits, as of that version of the queue.
  SessionError* waitingError_ = nullptr;
  std::uint64_t errorVersion_ = 0;
  bool full_ = false;
  bool runnerTold_ = false;
  std::uint64_t polls_ = 0;

  std::atomic<bool> stopped_ = false;
  std::atomic<bool> wantsMessages_ = false;
  std::atomic<std::uint64_t> runsOpen_ = 0;  // The attempt, while `onOpen` runs.
  std::atomic<std::uint32_t> version_ = 0;

  // Loop thread.
  bool held_ = false;
  bool inRound_ = false;
  MessageKeeper keeper_;
  std::vector<Message> arrived_;  // In this round, and not queued yet: the lock is taken once for all of them.
  std::size_t arrivedBytes_ = 0;

  // The thread that runs callbacks.
  bool claimed_ = false;
  std::vector<Message> taken_;  // Off the queue; those before `nextTaken_` have run.
  std::size_t nextTaken_ = 0;
  std::size_t ranMessages_ = 0;  // In this poll.
  std::size_t ranBytes_ = 0;
  std::shared_ptr<const Handlers> current_;
  std::uint32_t currentVersion_ = 0;
};

}  // namespace tidewire::internal
