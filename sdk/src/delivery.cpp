#include "delivery.hpp"

#include <chrono>
#include <utility>

#include "message_access.hpp"

namespace tidewire::internal {
namespace {

// What an event weighs in the queue besides its payload.
constexpr std::size_t kEventBytes = sizeof(Event);

template <class EventType>
void call(const Handler<EventType>& handler, const EventType& event) {
  if (handler != nullptr) {
    (*handler)(event);
  }
}

void callFor(const Handlers& handlers, const StateChange& event) {
  call(handlers.onStateChange, event);
}
void callFor(const Handlers& handlers, const Opened& event) {
  call(handlers.onOpen, event);
}
void callFor(const Handlers& handlers, const Message& event) {
  call(handlers.onMessage, event);
}
void callFor(const Handlers& handlers, const CloseInfo& event) {
  call(handlers.onClose, event);
}
void callFor(const Handlers& handlers, const HeartbeatInfo& event) {
  call(handlers.onHeartbeat, event);
}

std::size_t weigh(const Event& event) {
  const Message* message = std::get_if<Message>(&event);
  return kEventBytes + (message == nullptr ? 0 : MessageAccess::knownSize(*message));
}

}  // namespace

void Delivery::stop() {
  std::shared_ptr<const Handlers> handlers;
  std::deque<Event> queue;
  Lock lock(mutex_);
  stopped_.store(true, std::memory_order_release);
  handlers = std::exchange(handlers_, nullptr);
  queue.swap(queue_);
  if (runner_ != thisThread()) {
    released_.wait(lock, [this] { return !running_; });
  }
  lock.unlock();
}

std::size_t Delivery::poll(const PollBudget& budget, bool& madeRoom) {
  if (!polled_ || !claim()) {
    return 0;
  }
  const auto start = std::chrono::steady_clock::now();
  std::size_t ran = 0;
  Event event;
  while (ran < budget.count && !stopped() && dequeue(event)) {
    run(event);
    ++ran;
    if (budget.time != std::chrono::microseconds::max() && std::chrono::steady_clock::now() - start >= budget.time) {
      break;
    }
  }
  release();
  const Lock lock(mutex_);
  madeRoom = full_ && queuedBytes_ <= maxBytes_ / 2;
  full_ = full_ && !madeRoom;
  return ran;
}

void Delivery::begin() {
  claimed_ = !polled_ && claim();
}

void Delivery::end() {
  if (std::exchange(claimed_, false)) {
    release();
  }
}

void Delivery::deliver(Message& message) {
  if (polled_) {
    enqueue(MessageAccess::keep(message));
  } else if (claimed_ && !stopped()) {
    call(current().onMessage, std::as_const(message));
  }
}

void Delivery::deliver(Event event) {
  if (polled_) {
    enqueue(std::move(event));
  } else if (claimed_ && !stopped()) {
    run(event);
  }
}

bool Delivery::isFull() {
  if (!polled_) {
    return false;
  }
  const Lock lock(mutex_);
  return full_;
}

bool Delivery::claim() {
  const Lock lock(mutex_);
  if (running_ || stopped()) {
    return false;
  }
  running_ = true;
  runner_ = thisThread();
  current_ = handlers_;
  currentVersion_ = version_.load(std::memory_order_relaxed);
  return true;
}

void Delivery::release() {
  // Freed while still "running": what the handlers own may be what `stop` protects.
  current_.reset();
  const Lock lock(mutex_);
  running_ = false;
  runner_ = {};
  released_.notify_all();
}

const Handlers& Delivery::current() {
  if (version_.load(std::memory_order_acquire) != currentVersion_) {
    std::shared_ptr<const Handlers> old;
    const Lock lock(mutex_);
    if (handlers_ != nullptr) {
      old = std::exchange(current_, handlers_);
      currentVersion_ = version_.load(std::memory_order_relaxed);
    }
  }
  return *current_;
}

void Delivery::run(const Event& event) {
  std::visit([this](const auto& alternative) { callFor(current(), alternative); }, event);
}

void Delivery::enqueue(Event event) {
  const Lock lock(mutex_);
  if (stopped()) {
    return;
  }
  queuedBytes_ += weigh(event);
  full_ = full_ || queuedBytes_ > maxBytes_;
  queue_.push_back(std::move(event));
}

bool Delivery::dequeue(Event& event) {
  const Lock lock(mutex_);
  if (queue_.empty()) {
    return false;
  }
  event = std::move(queue_.front());
  queue_.pop_front();
  queuedBytes_ -= weigh(event);
  return true;
}

}  // namespace tidewire::internal
