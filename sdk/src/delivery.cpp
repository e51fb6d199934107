#include "delivery.hpp"

#include <algorithm>
#include <utility>

#include "message_access.hpp"

namespace tidewire::internal {
namespace {

// Who is called for an event.
const Handler<StateChange>& handlerOf(const Handlers& handlers, const StateChange&) {
  return handlers.onStateChange;
}
const Handler<Opened>& handlerOf(const Handlers& handlers, const Opened&) {
  return handlers.onOpen;
}
const Handler<Message>& handlerOf(const Handlers& handlers, const Message&) {
  return handlers.onMessage;
}
const Handler<CloseInfo>& handlerOf(const Handlers& handlers, const CloseInfo&) {
  return handlers.onClose;
}
const Handler<HeartbeatInfo>& handlerOf(const Handlers& handlers, const HeartbeatInfo&) {
  return handlers.onHeartbeat;
}
const Handler<Dropped>& handlerOf(const Handlers& handlers, const Dropped&) {
  return handlers.onDropped;
}
const Handler<Drained>& handlerOf(const Handlers& handlers, const Drained&) {
  return handlers.onDrain;
}
const Handler<SessionError>& handlerOf(const Handlers& handlers, const SessionError&) {
  return handlers.onError;
}
const Handler<EndpointRequest>& handlerOf(const Handlers& handlers, const EndpointRequest&) {
  return handlers.endpoint;
}

template <class EventType>
bool hasHandler(const Handlers& handlers, const EventType& event) {
  return handlerOf(handlers, event) != nullptr;
}
bool hasHandler(const Handlers& /*handlers*/, const SessionEvent& /*event*/) {
  return true;  // Its recipient has said so.
}

template <class EventType>
void callFor(const Handlers& handlers, const EventType& event) {
  if (const auto& handler = handlerOf(handlers, event)) {
    (*handler)(event);
  }
}
void callFor(const Handlers& /*handlers*/, const SessionEvent& event) {
  event.to->receive(event);
}

/// Whether no event may be moved across it.
bool isBarrier(const Event& event) {
  return std::holds_alternative<StateChange>(event) || std::holds_alternative<Opened>(event) ||
         std::holds_alternative<CloseInfo>(event);
}

bool areEqual(const SessionError& left, const SessionError& right) {
  return left.code == right.code && left.message == right.message && left.temporary == right.temporary;
}

}  // namespace

void Delivery::stop() {
  std::shared_ptr<const Handlers> handlers;
  std::deque<Event> queue;
  Lock lock(mutex_);
  stopped_.store(true, std::memory_order_release);
  handlers = std::exchange(handlers_, nullptr);
  queue.swap(queue_);
  gate_.shut(lock);
  lock.unlock();
}

Delivery::Polled Delivery::poll(const PollBudget& budget, const std::function<core::Time()>& now) {
  Polled polled;
  if (!claim()) {
    return polled;
  }
  const core::Time start = now();
  while (polled.ran < budget.count && !stopped()) {
    const std::optional<Event> event = dequeue();  // Destroyed before the claim ends.
    if (!event) {
      break;
    }
    run(*event);
    ++polled.ran;
    if (const Opened* opened = std::get_if<Opened>(&*event)) {
      polled.openReturned = opened->attempt;
    }
    if (budget.time != std::chrono::microseconds::max() && now() - start >= budget.time) {
      break;
    }
  }
  leave();
  const Lock lock(mutex_);
  ++polls_;
  polled.madeRoom = full_ && queuedBytes_ <= maxBytes_ / 2;
  full_ = full_ && !polled.madeRoom;
  polled.more = nextEvent(lock) != queue_.end();
  runnerTold_ = polled.more;
  return polled;
}

void Delivery::awaitCallback() {
  Lock lock(mutex_);
  gate_.awaitLeaving(lock);
}

bool Delivery::runsHere() const {
  const Lock lock(mutex_);
  return gate_.isHere(lock);
}

void Delivery::begin() {
  claimed_ = mode_ == Callbacks::Automatic && claim();
}

void Delivery::end() {
  if (std::exchange(claimed_, false)) {
    leave();
  }
}

void Delivery::deliver(Message& message) {
  if (mode_ != Callbacks::Automatic || held_) {
    if (held_ || wants(&Handlers::onMessage)) {
      enqueue(MessageAccess::keep(message));
    }
  } else if (claimed_ && !stopped()) {
    callFor(current(), std::as_const(message));
  }
}

bool Delivery::deliver(Event event) {
  const bool overtakes = std::holds_alternative<EndpointRequest>(event);
  if (mode_ != Callbacks::Automatic || (held_ && !overtakes && waiting().events > 0)) {
    return !enqueue(std::move(event));
  }
  if (claimed_ && !stopped()) {
    run(event);
  }
  return true;
}

std::uint64_t Delivery::release() {
  held_ = false;
  std::uint64_t openReturned = 0;
  while (claimed_ && !stopped()) {
    const std::optional<Event> event = dequeue();
    if (!event) {
      break;
    }
    run(*event);
    if (const Opened* opened = std::get_if<Opened>(&*event)) {
      openReturned = opened->attempt;
    }
  }
  const Lock lock(mutex_);
  full_ = full_ && !queue_.empty();
  return openReturned;
}

bool Delivery::isFull() const {
  const Lock lock(mutex_);
  return full_;
}

bool Delivery::needsRunner() {
  const Lock lock(mutex_);
  return nextEvent(lock) != queue_.end() && !std::exchange(runnerTold_, true);
}

Delivery::Waiting Delivery::waiting() const {
  const Lock lock(mutex_);
  return {queue_.size(), queuedBytes_, polls_};
}

bool Delivery::claim() {
  const Lock lock(mutex_);
  if (!gate_.enter(lock)) {
    return false;
  }
  current_ = handlers_;
  currentVersion_ = version_.load(std::memory_order_relaxed);
  return true;
}

void Delivery::leave() {
  // Freed while still inside: `stop` may protect an object that the handlers own.
  current_.reset();
  const Lock lock(mutex_);
  gate_.leave(lock);
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
  const auto* opened = std::get_if<Opened>(&event);
  runsOpen_.store(opened == nullptr ? 0 : opened->attempt, std::memory_order_relaxed);
  std::visit([this](const auto& alternative) { callFor(current(), alternative); }, event);
  runsOpen_.store(0, std::memory_order_relaxed);
}

bool Delivery::enqueue(Event event) {
  auto* news = std::get_if<SessionEvent>(&event);
  if (news != nullptr && news->to->absorb(*news)) {
    return false;
  }
  const Lock lock(mutex_);
  if (stopped() || !isHandled(event, lock)) {
    return false;
  }
  if (news != nullptr && news->body) {
    *news->body = MessageAccess::keep(*news->body);
  }
  if (!conflate(event, lock)) {
    push(std::move(event), lock);
  }
  return true;
}

/// While messages are held back, a handler may still be set for them.
bool Delivery::isHandled(const Event& event, const Lock&) const {
  return held_ || std::visit([this](const auto& each) { return hasHandler(*handlers_, each); }, event);
}

void Delivery::push(Event event, const Lock&) {
  queuedBytes_ += weigh(event);
  full_ = full_ || queuedBytes_ > maxBytes_;
  queue_.push_back(std::move(event));
  if (auto* queued = std::get_if<SessionEvent>(&queue_.back())) {
    queued->to->waiting_ = std::holds_alternative<tidewire::Event>(queued->news) ? queued : nullptr;
    queued->to->queueVersion_ = queueVersion_;
  } else if (auto* error = std::get_if<SessionError>(&queue_.back())) {
    waitingError_ = error;
    errorVersion_ = queueVersion_;
  } else if (isBarrier(queue_.back())) {
    ++queueVersion_;
  }
}

bool Delivery::conflate(Event& event, const Lock& lock) {
  if (auto* news = std::get_if<SessionEvent>(&event)) {
    return conflate(*news, lock);
  }
  const auto* error = std::get_if<SessionError>(&event);
  return error != nullptr && conflate(*error, lock);
}

/// Counts an error that equals the one before it.
bool Delivery::conflate(const SessionError& error, const Lock&) {
  if (waitingError_ == nullptr || errorVersion_ != queueVersion_ || !areEqual(*waitingError_, error)) {
    return false;
  }
  waitingError_->count += error.count;
  return true;
}

/// Puts a latest-only event in the place of the one that waits. Of what is overtaken the order does not matter: events
/// of other subscriptions, answers, heartbeats, errors.
bool Delivery::conflate(SessionEvent& event, const Lock&) {
  auto* const newer = std::get_if<tidewire::Event>(&event.news);
  SessionEvent* const waiting = event.to->waiting_;
  if (newer == nullptr || !event.to->conflates_ || waiting == nullptr || event.to->queueVersion_ != queueVersion_) {
    return false;
  }
  newer->skipped += 1 + std::get<tidewire::Event>(waiting->news).skipped;
  queuedBytes_ -= waiting->body ? MessageAccess::knownSize(*waiting->body) : 0;
  queuedBytes_ += event.body ? MessageAccess::knownSize(*event.body) : 0;
  *waiting = std::move(event);  // Both are of one recipient, who stays.
  full_ = full_ || queuedBytes_ > maxBytes_;
  return true;
}

std::optional<Event> Delivery::dequeue() {
  const Lock lock(mutex_);
  const auto next = nextEvent(lock);
  if (next == queue_.end()) {
    return std::nullopt;
  }
  const auto place = queue_.begin() + (next - queue_.begin());
  std::optional<Event> event(std::move(*place));
  if (auto* news = std::get_if<SessionEvent>(&*event);
      news != nullptr && news->to->waiting_ == std::get_if<SessionEvent>(&*place)) {
    news->to->waiting_ = nullptr;
  }
  if (waitingError_ != nullptr && waitingError_ == std::get_if<SessionError>(&*place)) {
    waitingError_ = nullptr;
  }
  if (place != queue_.begin()) {
    ++queueVersion_;  // Taking one from the middle moves the others.
  }
  queue_.erase(place);
  queuedBytes_ -= weigh(*event);
  return event;
}

std::deque<Event>::const_iterator Delivery::nextEvent(const Lock&) const {
  if (!held_ || queue_.empty() || !std::holds_alternative<Message>(queue_.front())) {
    return queue_.begin();
  }
  return std::find_if(queue_.begin(), queue_.end(),
                      [](const Event& event) { return std::holds_alternative<EndpointRequest>(event); });
}

}  // namespace tidewire::internal
