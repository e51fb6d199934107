#include "server/subscriptions.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace tidewire::server {

namespace {
constexpr std::size_t kReadBytes = 65'536;  // At once, of one channel, so that none waits long for its turn.

/// What a subscription has to know of its log.
Query firstQuery(const Subscriptions::Wanted& wanted, std::size_t maxBytes) {
  if (wanted.since && !wanted.conflate) {
    return {.after = wanted.since, .maxBytes = maxBytes};
  }
  const std::uint64_t last = wanted.since ? 1 : wanted.last;
  const std::uint64_t most = wanted.conflate ? 1 : std::numeric_limits<std::size_t>::max();
  return {.newest = static_cast<std::size_t>(std::min(last, most)), .maxBytes = maxBytes};
}

Start startOf(const Subscriptions::Wanted& wanted, const Page& page) {
  if (!wanted.since) {
    return {.epoch = page.epoch, .seq = page.seq, .position = page.start};
  }
  const Position& since = *wanted.since;
  const bool known = since.epoch == page.epoch && since.seq <= page.seq;
  const bool enough = wanted.conflate ? since.seq == page.seq || !page.events.empty() : page.whole;
  const bool recovered = known && enough;
  return {.epoch = page.epoch, .seq = page.seq, .recovered = recovered, .position = recovered ? since.seq : page.seq};
}
}  // namespace

class Subscriptions::Subscription final : private LogListener {
 public:
  Subscription(Subscriptions& owner, Wanted what, Started whenStarted)
      : wanted(std::move(what)), started(std::move(whenStarted)), owner_(owner) {
    wanted.log->add(*this);
  }
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  ~Subscription() { detach(); }

  /// No longer belongs to the client, though somebody up the stack may still hold it.
  void detach() {
    if (!std::exchange(gone, true)) {
      wanted.log->remove(*this);
    }
  }

  struct Waiting {
    EventPointer event;
    std::uint64_t skipped;  // Before it, by the log or by what it announced.
  };

  Wanted wanted;
  Started started;           // Until the log has answered.
  EventPointer latest;       // Of a conflated one that is starting.
  std::string epoch;         // That it began in.
  std::uint64_t newest = 0;  // That the log is known to have.
  std::uint64_t behindAnswers = 0;
  std::uint64_t readTo = 0;  // The last event that was taken from the log.
  bool reading = false;      // A page is on its way.
  bool behind = false;       // There is more to read.
  bool ready = false;        // It has a turn.
  bool gone = false;
  std::deque<Waiting> waiting;
  std::uint64_t dropped = 0;  // Before the first that waits.

 private:
  void appended(const EventPointer& event, std::uint64_t oldest) override { owner_.offer(*this, event, oldest); }

  Subscriptions& owner_;
};

Subscriptions::Subscriptions(std::size_t maxBytes, Calls calls) : maxBytes_(maxBytes), calls_(std::move(calls)) {}

Subscriptions::~Subscriptions() {
  clear();
}

std::size_t Subscriptions::count(const std::function<bool(std::string_view channel)>& applies) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(subscriptions_, [&applies](const auto& each) { return applies(each.first); }));
}

bool Subscriptions::isStarting(const std::string& channel) const {
  const auto found = subscriptions_.find(channel);
  return found != subscriptions_.end() && found->second->started != nullptr;
}

// Listens before it reads, or what is appended between the two would be in neither.
void Subscriptions::add(Wanted wanted, Started started) {
  const Query query = firstQuery(wanted, hasRoom() ? kReadBytes : 0);
  const auto subscription = std::make_shared<Subscription>(*this, std::move(wanted), std::move(started));
  subscriptions_.emplace(subscription->wanted.channel, subscription);
  subscription->wanted.log->read(query, [this, weak = std::weak_ptr(subscription)](const ReadResult& result) {
    if (const auto alive = weak.lock(); alive && !alive->gone) {
      begin(*alive, result);
    }
  });
}

void Subscriptions::begin(Subscription& subscription, const ReadResult& result) {
  const Page* const page = std::get_if<Page>(&result);
  const Started started = std::exchange(subscription.started, nullptr);
  if (page == nullptr) {
    remove(std::string(subscription.wanted.channel));
    started(nullptr);
    return;
  }
  const Start start = startOf(subscription.wanted, *page);
  subscription.epoch = start.epoch;
  subscription.readTo = start.position;
  subscription.behindAnswers = started(&start);
  if (subscription.gone) {
    return;
  }
  if (!subscription.wanted.conflate) {
    takePage(subscription, *page);
    return;
  }
  for (const EventPointer& event : {page->events.empty() ? nullptr : page->events.back(), subscription.latest}) {
    if (event && event->seq() > subscription.readTo) {
      offer(subscription, event, 0);
    }
  }
  subscription.latest = nullptr;
}

void Subscriptions::detach(Subscription& subscription) {
  bytes_ -= std::accumulate(subscription.waiting.begin(), subscription.waiting.end(), std::size_t{0},
                            [](std::size_t sum, const auto& each) { return sum + each.event->cost(); });
  readingBytes_ -= subscription.reading ? kReadBytes : 0;
  subscription.detach();
}

void Subscriptions::remove(const std::string& channel) {
  const auto found = subscriptions_.find(channel);
  if (found == subscriptions_.end()) {
    return;
  }
  const std::shared_ptr<Subscription> subscription = found->second;
  std::erase(ready_, subscription.get());
  std::erase(unread_, subscription.get());
  subscriptions_.erase(found);
  detach(*subscription);
  readOnWhereThereIsRoom();
}

void Subscriptions::clear() {
  ready_.clear();
  unread_.clear();
  for (const auto& [channel, subscription] : std::exchange(subscriptions_, {})) {
    detach(*subscription);
  }
}

void Subscriptions::setReading(bool reading) {
  clientReads_ = reading;
  if (reading) {
    return;
  }
  for (Subscription* const subscription : ready_) {
    if (subscription->wanted.conflate && subscription->waiting.size() > 1) {
      Subscription::Waiting newest = std::move(subscription->waiting.back());
      subscription->waiting.pop_back();
      dropWaiting(*subscription);
      subscription->waiting.push_back(std::move(newest));
    }
  }
}

void Subscriptions::offer(Subscription& subscription, const EventPointer& event, std::uint64_t oldest) {
  subscription.newest = std::max(subscription.newest, event->seq());
  if (subscription.started) {
    subscription.latest = subscription.wanted.conflate ? event : nullptr;
    return;
  }
  if (event->seq() <= subscription.readTo) {
    return;  // It was read.
  }
  if (subscription.wanted.conflate) {
    if (!clientReads_ || bytes_ >= maxBytes_) {
      dropWaiting(subscription);
    }
    push(subscription, event);
  } else if (subscription.behind) {
    if (!subscription.reading && subscription.readTo + 1 < oldest) {
      calls_.tooSlow();
    }
  } else if (event->seq() == subscription.readTo + 1 && bytes_ < maxBytes_) {
    push(subscription, event);
  } else {
    fallBehind(subscription);
    readOnWhereThereIsRoom();
  }
}

void Subscriptions::push(Subscription& subscription, const EventPointer& event) {
  const std::uint64_t skipped = subscription.wanted.conflate ? event->seq() - subscription.readTo - 1 : 0;
  subscription.readTo = event->seq();
  subscription.waiting.push_back({event, skipped});
  bytes_ += event->cost();
  if (!subscription.ready) {
    subscription.ready = true;
    ready_.push_back(&subscription);
  }
  calls_.eventsWait();
}

void Subscriptions::dropWaiting(Subscription& subscription) {
  for (const Subscription::Waiting& each : subscription.waiting) {
    bytes_ -= each.event->cost();
    subscription.dropped += 1 + each.skipped;
  }
  subscription.waiting.clear();
}

std::shared_ptr<const Packet> Subscriptions::peek(std::uint64_t answersSent) {
  const auto next = std::ranges::find_if(
      ready_, [&](const Subscription* subscription) { return subscription->behindAnswers <= answersSent; });
  if (next == ready_.end()) {
    return nullptr;
  }
  std::rotate(ready_.begin(), next, next + 1);
  const Subscription& subscription = *ready_.front();
  const Subscription::Waiting& first = subscription.waiting.front();
  return first.event->packet(subscription.dropped + first.skipped);
}

const std::string& Subscriptions::nextChannel() const {
  return ready_.front()->wanted.channel;
}

void Subscriptions::pop() {
  Subscription& subscription = *ready_.front();
  ready_.pop_front();
  bytes_ -= subscription.waiting.front().event->cost();
  subscription.waiting.pop_front();
  subscription.dropped = 0;
  subscription.ready = !subscription.waiting.empty();
  if (subscription.ready) {
    ready_.push_back(&subscription);
  }
  if (bytes_ < maxBytes_ / 2) {  // Not for each event that leaves.
    readOnWhereThereIsRoom();
  }
}

void Subscriptions::fallBehind(Subscription& subscription) {
  subscription.behind = true;
  unread_.push_back(&subscription);
}

// A log that answers at once comes back here from inside `readOn`; then the loop goes on outside.
void Subscriptions::readOnWhereThereIsRoom() {
  if (std::exchange(choosing_, true)) {
    return;
  }
  while (!unread_.empty() && hasRoom()) {
    Subscription& next = *unread_.front();
    unread_.pop_front();
    readOn(next);
  }
  choosing_ = false;
}

void Subscriptions::readOn(Subscription& subscription) {
  subscription.reading = true;
  readingBytes_ += kReadBytes;
  const std::shared_ptr<Subscription> self = subscriptions_.at(subscription.wanted.channel);
  self->wanted.log->read({.after = Position{self->epoch, self->readTo}, .maxBytes = kReadBytes},
                         [this, weak = std::weak_ptr(self)](const ReadResult& result) {
                           if (const auto alive = weak.lock(); alive && !alive->gone) {
                             readArrived(*alive, result);
                           }
                         });
}

void Subscriptions::readArrived(Subscription& subscription, const ReadResult& result) {
  subscription.reading = false;
  readingBytes_ -= kReadBytes;
  const Page* const page = std::get_if<Page>(&result);
  if (page == nullptr || page->epoch != subscription.epoch) {
    calls_.broken(std::string(subscription.wanted.channel));
  } else if (!page->whole) {
    calls_.tooSlow();
  } else {
    subscription.behind = false;
    takePage(subscription, *page);
  }
}

void Subscriptions::takePage(Subscription& subscription, const Page& page) {
  for (const EventPointer& event : page.events) {
    if (event->seq() > subscription.readTo) {
      push(subscription, event);
    }
  }
  if (page.events.empty()) {
    subscription.readTo = std::max(subscription.readTo, page.seq);
  }
  subscription.newest = std::max(subscription.newest, page.seq);
  if (subscription.readTo < subscription.newest) {
    fallBehind(subscription);
  }
  readOnWhereThereIsRoom();
}

}  // namespace tidewire::server
