#include "delivery.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
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

// A larger array of arrived messages is freed by a round without any.
constexpr std::size_t kKeptPlaces = 64;
// So few messages of a round join those before them; more are queued as they are, without moving each.
constexpr std::size_t kJoined = 16;
// Messages in a task of the executor's.
constexpr std::size_t kMostInTask = 32;

bool areEqual(const SessionError& left, const SessionError& right) {
  return left.code == right.code && left.message == right.message && left.temporary == right.temporary;
}

}  // namespace

void Delivery::stop() {
  std::shared_ptr<const Handlers> handlers;
  core::RingQueue<Queued> queue;
  Lock lock(mutex_);
  stopped_.store(true, std::memory_order_release);
  wantsMessages_.store(false, std::memory_order_relaxed);
  handlers = std::exchange(handlers_, nullptr);
  queue.swap(queue_);
  queuedEvents_ = queuedBytes_ = 0;
  gate_.shut(lock);
  lock.unlock();
}

/// Runs queued events while `continues` says so after each, at most `most`.
template <class Continues>
void Delivery::runQueued(Polled& polled, std::size_t most, Continues continues) {
  while (polled.ran < most && !stopped()) {
    const bool hasTaken = nextTaken_ < taken_.size();
    if (hasTaken && held_) {
      return;
    }
    const std::unique_ptr<Event> event = hasTaken ? nullptr : take();
    if (event != nullptr) {
      run(*event);
      if (const Opened* opened = std::get_if<Opened>(&*event)) {
        polled.openReturned = opened->attempt;
      }
    } else if (nextTaken_ < taken_.size()) {
      const Message message = std::move(taken_[nextTaken_++]);
      ++ranMessages_;
      ranBytes_ += weigh(message);
      callFor(current(), message);
    } else {
      return;
    }
    ++polled.ran;
    if (!continues()) {
      return;
    }
  }
}

/// Counts a poll, once its callbacks have returned.
void Delivery::finish(Polled& polled) {
  const bool hasTaken = nextTaken_ < taken_.size();
  const std::size_t ranMessages = std::exchange(ranMessages_, 0);
  const std::size_t ranBytes = std::exchange(ranBytes_, 0);
  leave();
  const Lock lock(mutex_);
  ++polls_;
  if (!stopped()) {
    queuedEvents_ -= ranMessages;
    queuedBytes_ -= ranBytes;
  }
  polled.madeRoom = full_ && queuedBytes_ <= maxBytes_ / 2;
  full_ = full_ && !polled.madeRoom;
  polled.more = !stopped() && (hasTaken || nextEvent(lock) < queue_.size());
  runnerTold_ = polled.more;
}

Delivery::Polled Delivery::poll(const PollBudget& budget, const std::function<core::Time()>& now) {
  Polled polled;
  if (!claim()) {
    return polled;
  }
  const bool isTimed = budget.time != std::chrono::microseconds::max();
  const core::Time start = isTimed ? now() : core::Time{};
  runQueued(polled, budget.count, [&] { return !isTimed || now() - start < budget.time; });
  finish(polled);
  return polled;
}

Delivery::Polled Delivery::runTask() {
  Polled polled;
  if (!claim()) {
    return polled;
  }
  runQueued(polled, kMostInTask, [this] { return nextTaken_ < taken_.size(); });
  finish(polled);
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
  inRound_ = true;
  claimed_ = mode_ == Callbacks::Automatic && claim();
}

void Delivery::end() {
  inRound_ = false;
  if (!arrived_.empty()) {
    const Lock lock(mutex_);
    pushArrived(lock);
  } else if (arrived_.capacity() > kKeptPlaces) {
    std::vector<Message>().swap(arrived_);  // The flood is over.
  }
  if (std::exchange(claimed_, false)) {
    leave();
  }
}

void Delivery::deliver(Message& message) {
  if (mode_ != Callbacks::Automatic || held_) {
    if ((held_ && !stopped()) || wantsMessages_.load(std::memory_order_relaxed)) {
      arrivedBytes_ += weigh(message);
      arrived_.push_back(keeper_.keep(message));
    }
    if (!inRound_ || held_) {
      const Lock lock(mutex_);
      pushArrived(lock);
    }
  } else if (claimed_ && !stopped()) {
    callFor(current(), std::as_const(message));
  }
}

bool Delivery::deliver(Event&& event) {
  const bool overtakes = std::holds_alternative<EndpointRequest>(event);
  if (mode_ != Callbacks::Automatic || (held_ && !overtakes && (!arrived_.empty() || waiting().events > 0))) {
    return !enqueue(std::move(event));
  }
  if (claimed_ && !stopped()) {
    run(event);
  }
  return true;
}

std::uint64_t Delivery::release() {
  held_ = false;
  Polled polled;
  {
    const Lock lock(mutex_);
    pushArrived(lock);
  }
  if (claimed_) {
    runQueued(polled, std::numeric_limits<std::size_t>::max(), [] { return true; });
  }
  const Lock lock(mutex_);
  if (!stopped()) {
    queuedEvents_ -= ranMessages_;
    queuedBytes_ -= ranBytes_;
  }
  ranMessages_ = ranBytes_ = 0;
  full_ = full_ && !queue_.empty();
  return polled.openReturned;
}

bool Delivery::isFull() const {
  if (mode_ == Callbacks::Automatic && !held_) {
    return false;  // Nothing waits. Sessions call this before each event.
  }
  const Lock lock(mutex_);
  return full_ || queuedBytes_ + arrivedBytes_ > maxBytes_;
}

bool Delivery::needsRunner() {
  const Lock lock(mutex_);
  return nextEvent(lock) < queue_.size() && !std::exchange(runnerTold_, true);
}

Delivery::Waiting Delivery::waiting() const {
  const Lock lock(mutex_);
  return {queuedEvents_, queuedBytes_, polls_};
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
  if (const auto* news = std::get_if<SessionEvent>(&event)) {
    news->to->receive(*news);  // Needs no handler of the client's.
    return;
  }
  const auto* opened = std::get_if<Opened>(&event);
  runsOpen_.store(opened == nullptr ? 0 : opened->attempt, std::memory_order_relaxed);
  std::visit([this](const auto& alternative) { callFor(current(), alternative); }, event);
  runsOpen_.store(0, std::memory_order_relaxed);
}

bool Delivery::enqueue(Event&& event) {
  auto* news = std::get_if<SessionEvent>(&event);
  if (news != nullptr && news->to->absorb(*news)) {
    return false;
  }
  const Lock lock(mutex_);
  if (stopped() || !isHandled(event, lock)) {
    return false;
  }
  pushArrived(lock);
  if (news != nullptr && news->body) {
    *news->body = keeper_.keep(*news->body);
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

void Delivery::push(Event&& event, const Lock&) {
  queuedBytes_ += weigh(event);
  full_ = full_ || queuedBytes_ > maxBytes_;
  ++queuedEvents_;
  auto made = std::make_unique<Event>(std::move(event));
  Event& queued = *made;
  queue_.push_back({{}, std::move(made)});
  if (auto* news = std::get_if<SessionEvent>(&queued)) {
    news->to->waiting_ = std::holds_alternative<tidewire::Event>(news->news) ? news : nullptr;
    news->to->queueVersion_ = queueVersion_;
  } else if (auto* error = std::get_if<SessionError>(&queued)) {
    waitingError_ = error;
    errorVersion_ = queueVersion_;
  } else if (isBarrier(queued)) {
    ++queueVersion_;
  }
}

void Delivery::pushArrived(const Lock&) {
  if (stopped()) {
    return;  // They are destroyed with this object, not under the lock.
  }
  if (arrived_.empty()) {
    return;
  }
  queuedEvents_ += arrived_.size();
  queuedBytes_ += std::exchange(arrivedBytes_, 0);
  full_ = full_ || queuedBytes_ > maxBytes_;
  const bool joins = !queue_.empty() && queue_[queue_.size() - 1].event == nullptr && arrived_.size() <= kJoined;
  if (!joins) {
    queue_.push_back({std::exchange(arrived_, std::move(spare_)), nullptr});
    return;
  }
  std::vector<Message>& last = queue_[queue_.size() - 1].messages;
  last.insert(last.end(), std::make_move_iterator(arrived_.begin()), std::make_move_iterator(arrived_.end()));
  arrived_.clear();
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

std::unique_ptr<Event> Delivery::take() {
  taken_.clear();
  nextTaken_ = 0;
  const Lock lock(mutex_);
  const std::size_t next = nextEvent(lock);
  if (next == queue_.size()) {
    return nullptr;
  }
  if (queue_[next].event == nullptr) {
    spare_ = std::exchange(taken_, std::move(queue_[next].messages));
    queue_.pop_front();
    return nullptr;
  }
  std::unique_ptr<Event> event = std::move(queue_[next].event);
  if (next == 0) {
    queue_.pop_front();
  } else {
    ++queueVersion_;  // Nothing is moved across the place of one that was taken from the middle.
    queue_.erase(next);
  }
  if (auto* news = std::get_if<SessionEvent>(&*event); news != nullptr && news->to->waiting_ == news) {
    news->to->waiting_ = nullptr;
  }
  if (waitingError_ != nullptr && waitingError_ == std::get_if<SessionError>(&*event)) {
    waitingError_ = nullptr;
  }
  --queuedEvents_;
  queuedBytes_ -= weigh(*event);
  return event;
}

std::size_t Delivery::nextEvent(const Lock&) const {
  std::size_t at = 0;
  if (held_ && !queue_.empty() && queue_.front().event == nullptr) {
    while (at < queue_.size() &&
           (queue_[at].event == nullptr || !std::holds_alternative<EndpointRequest>(*queue_[at].event))) {
      ++at;
    }
  }
  return at;
}

}  // namespace tidewire::internal
