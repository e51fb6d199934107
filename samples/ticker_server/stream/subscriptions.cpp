#include "stream/subscriptions.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "stream/hub.hpp"

namespace ticker::stream {

namespace {
constexpr std::size_t kReadBytes = 65'536;  // At once, of one channel, so that none waits long for its turn.
}

class Subscriptions::Subscription final : private LogListener {
 public:
  Subscription(Subscriptions& owner, Wanted wanted, std::uint64_t position)
      : channel(std::move(wanted.channel)),
        log(std::move(wanted.log)),
        conflate(wanted.conflate),
        behindAnswers(wanted.behind),
        readTo(position),
        owner_(owner) {
    log->add(*this);
  }
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  ~Subscription() { log->remove(*this); }

  std::string channel;
  std::shared_ptr<ChannelLog> log;
  bool conflate;
  std::uint64_t behindAnswers;
  std::uint64_t readTo;  // The last event that has been read from the log.
  bool behind = false;   // There is more to read.
  std::deque<EventPointer> waiting;
  std::uint64_t skipped = 0;  // Before the first that waits.
  bool ready = false;         // It has a turn.

 private:
  void appended(const EventPointer& event) override { owner_.offer(*this, event); }

  Subscriptions& owner_;
};

Start startOf(ChannelLog& log, const Subscribe& head) {
  if (!head.since) {
    const std::uint64_t wanted = head.conflate ? std::min<std::uint64_t>(head.last, 1) : head.last;
    const std::size_t most = std::numeric_limits<std::size_t>::max();
    const std::uint64_t count = log.newest(static_cast<std::size_t>(std::min<std::uint64_t>(wanted, most))).size();
    return {.position = log.seq() - count};
  }
  const Start live{.recovered = false, .position = log.seq()};
  const std::uint64_t since = head.since->seq;
  if (head.since->epoch != log.epoch() || since > log.seq()) {
    return live;
  }
  const bool kept = head.conflate ? since == log.seq() || !log.newest(1).empty() : log.after(since, 0).has_value();
  return kept ? Start{.position = since} : live;
}

Subscriptions::Subscriptions(std::size_t maxBytes, Calls calls) : maxBytes_(maxBytes), calls_(std::move(calls)) {}

Subscriptions::~Subscriptions() = default;

std::size_t Subscriptions::countRooms() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(subscriptions_, [](const auto& each) { return Hub::isRoom(each.first); }));
}

void Subscriptions::add(Wanted wanted, const Start& start) {
  const std::string channel = wanted.channel;
  const auto [place, isNew] =
      subscriptions_.emplace(channel, std::make_unique<Subscription>(*this, std::move(wanted), start.position));
  Subscription& subscription = *place->second;
  if (subscription.readTo == subscription.log->seq()) {
    return;
  }
  if (subscription.conflate) {
    for (const EventPointer& newest : subscription.log->newest(1)) {
      subscription.skipped = newest->seq() - subscription.readTo - 1;
      push(subscription, newest);
    }
  } else {
    subscription.behind = true;
    ++behind_;
    readOn(subscription);
  }
}

void Subscriptions::remove(const std::string& channel) {
  const auto found = subscriptions_.find(channel);
  if (found == subscriptions_.end()) {
    return;
  }
  Subscription& subscription = *found->second;
  dropWaiting(subscription);
  std::erase(ready_, &subscription);
  behind_ -= subscription.behind ? 1 : 0;
  subscriptions_.erase(found);
  readOnIfRoom();
}

void Subscriptions::clear() {
  ready_.clear();
  subscriptions_.clear();
  bytes_ = 0;
  behind_ = 0;
}

void Subscriptions::setReading(bool reading) {
  reading_ = reading;
  if (reading) {
    return;
  }
  for (Subscription* const subscription : ready_) {
    if (subscription->conflate && subscription->waiting.size() > 1) {
      const EventPointer newest = subscription->waiting.back();
      subscription->waiting.pop_back();
      bytes_ -= newest->cost();
      dropWaiting(*subscription);
      subscription->waiting.push_back(newest);
      bytes_ += newest->cost();
    }
  }
}

void Subscriptions::offer(Subscription& subscription, const EventPointer& event) {
  if (subscription.conflate) {
    if (!reading_ || bytes_ >= maxBytes_) {
      dropWaiting(subscription);
    }
    push(subscription, event);
  } else if (!subscription.behind && bytes_ < maxBytes_) {
    push(subscription, event);
  } else if (!subscription.behind) {
    subscription.behind = true;
    ++behind_;
  } else if (!subscription.log->after(subscription.readTo, 0)) {
    calls_.tooSlow();
  }
}

void Subscriptions::push(Subscription& subscription, const EventPointer& event) {
  subscription.readTo = event->seq();
  subscription.waiting.push_back(event);
  bytes_ += event->cost();
  if (!subscription.ready) {
    subscription.ready = true;
    ready_.push_back(&subscription);
  }
  calls_.eventsWait();
}

void Subscriptions::dropWaiting(Subscription& subscription) {
  for (const EventPointer& event : subscription.waiting) {
    bytes_ -= event->cost();
  }
  subscription.skipped += subscription.waiting.size();
  subscription.waiting.clear();
}

std::shared_ptr<const Packet> Subscriptions::peek(std::uint64_t answersSent) {
  const auto next = std::ranges::find_if(
      ready_, [&](const Subscription* subscription) { return subscription->behindAnswers <= answersSent; });
  if (next == ready_.end()) {
    return nullptr;
  }
  std::rotate(ready_.begin(), next, next + 1);
  return ready_.front()->waiting.front()->packet(ready_.front()->skipped);
}

const std::string& Subscriptions::nextChannel() const {
  return ready_.front()->channel;
}

void Subscriptions::pop() {
  Subscription& subscription = *ready_.front();
  ready_.pop_front();
  bytes_ -= subscription.waiting.front()->cost();
  subscription.waiting.pop_front();
  subscription.skipped = 0;
  subscription.ready = !subscription.waiting.empty();
  if (subscription.ready) {
    ready_.push_back(&subscription);
  }
  readOnIfRoom();
}

void Subscriptions::readOnIfRoom() {
  if (behind_ == 0 || bytes_ >= maxBytes_ / 2) {
    return;
  }
  for (const auto& [channel, subscription] : subscriptions_) {
    if (subscription->behind && bytes_ < maxBytes_) {
      readOn(*subscription);
    }
  }
}

void Subscriptions::readOn(Subscription& subscription) {
  const auto events = subscription.log->after(subscription.readTo, kReadBytes);
  if (!events) {
    calls_.tooSlow();
    return;
  }
  for (const EventPointer& event : *events) {
    push(subscription, event);
  }
  if (subscription.readTo == subscription.log->seq()) {
    subscription.behind = false;
    --behind_;
  }
}

}  // namespace ticker::stream
