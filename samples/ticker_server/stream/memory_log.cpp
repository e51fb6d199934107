#include "stream/memory_log.hpp"

#include <algorithm>
#include <utility>

namespace ticker::stream {

MemoryLog::MemoryLog(std::string channel, std::string epoch, const Settings& settings)
    : channel_(std::move(channel)), epoch_(std::move(epoch)), settings_(settings) {}

std::uint64_t MemoryLog::append(BodyType type, std::string_view body, std::int64_t ts) {
  const auto event = std::make_shared<const Event>(channel_, ++seq_, ts, type, body);
  bytes_ += event->cost();
  events_.push_back(event);
  settings_.journal->appended(channel_, epoch_, seq_);
  evict();
  tell(event);
  return event->seq();
}

// By index: a listener may come or go meanwhile, and a new one is told of what comes after it.
void MemoryLog::tell(const EventPointer& event) {
  telling_ = true;
  const std::size_t count = listeners_.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (listeners_[i] != nullptr) {
      listeners_[i]->appended(event);
    }
  }
  telling_ = false;
  std::erase(listeners_, nullptr);
}

void MemoryLog::remove(LogListener& listener) {
  const auto found = std::ranges::find(listeners_, &listener);
  if (found == listeners_.end()) {
    return;
  }
  if (telling_) {
    *found = nullptr;
  } else {
    *found = listeners_.back();
    listeners_.pop_back();
  }
}

void MemoryLog::evict() {
  const History& history = settings_.history;
  const std::int64_t oldest = settings_.clock.wall() - history.maxAgeMs;
  std::uint64_t evicted = 0;
  while (!events_.empty() &&
         (events_.size() > history.maxCount || bytes_ > history.maxBytes || events_.front()->ts() < oldest)) {
    evicted = events_.front()->seq();
    bytes_ -= events_.front()->cost();
    events_.pop_front();
  }
  if (evicted > 0) {
    settings_.journal->evicted(channel_, evicted);
  }
}

bool MemoryLog::empty() {
  evict();
  return events_.empty();
}

std::optional<std::vector<EventPointer>> MemoryLog::after(std::uint64_t seq, std::size_t maxCost) {
  evict();
  const std::uint64_t kept = events_.size();
  if (seq > seq_ || seq_ - seq > kept) {
    return std::nullopt;
  }
  std::vector<EventPointer> result;
  std::size_t cost = 0;
  for (auto event = events_.end() - static_cast<std::ptrdiff_t>(seq_ - seq); event != events_.end(); ++event) {
    cost += (*event)->cost();
    if (!result.empty() && cost > maxCost) {
      break;
    }
    result.push_back(*event);
  }
  return result;
}

std::vector<EventPointer> MemoryLog::newest(std::size_t count) {
  evict();
  return {events_.end() - static_cast<std::ptrdiff_t>(std::min(count, events_.size())), events_.end()};
}

std::shared_ptr<ChannelLog> MemoryEngine::open(const std::string& channel, const std::string& maker) {
  ++uses_;
  if (const auto found = places_.find(channel); found != places_.end()) {
    found->second.usedAt = uses_;
    return found->second.log;
  }
  if (places_.size() >= maxChannels_) {
    forgetEmpty();
  }
  if (places_.size() >= maxChannels_) {
    forgetOne();
  }
  if (places_.size() >= maxChannels_) {
    return nullptr;
  }
  auto log = std::make_shared<MemoryLog>(channel, epoch_ + '-' + std::to_string(++opened_), settings_);
  return places_.emplace(channel, Place{std::move(log), maker, uses_}).first->second.log;
}

void MemoryEngine::forgetEmpty() {
  std::erase_if(places_, [](const auto& each) { return each.second.unused() && each.second.log->empty(); });
}

void MemoryEngine::forgetOne() {
  std::unordered_map<std::string_view, std::size_t> made;
  for (const auto& [channel, place] : places_) {
    ++made[place.maker];
  }
  const Place* worst = nullptr;
  std::string_view forgotten;
  for (const auto& [channel, place] : places_) {
    const auto rank = [&](const Place& each) { return std::pair(made[each.maker], uses_ - each.usedAt); };
    if (place.unused() && (worst == nullptr || rank(place) > rank(*worst))) {
      worst = &place;
      forgotten = channel;
    }
  }
  if (worst != nullptr) {
    places_.erase(std::string(forgotten));
  }
}

}  // namespace ticker::stream
