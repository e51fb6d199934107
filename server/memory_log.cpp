#include "server/memory_log.hpp"

#include <algorithm>
#include <utility>

namespace tidewire::server {

MemoryLog::MemoryLog(std::string channel, std::string epoch, const Settings& settings)
    : channel_(std::move(channel)), epoch_(std::move(epoch)), settings_(settings) {}

void MemoryLog::append(const Draft& draft, AppendDone done) {
  const auto event = std::make_shared<const Event>(channel_, ++seq_, draft.ts, draft.type, draft.body);
  bytes_ += event->cost();
  events_.push_back(event);
  settings_.journal.appended(channel_, epoch_, seq_);
  evict();
  notify(event);
  if (done) {
    done(event->seq());
  }
}

// By index: a listener may come or go meanwhile, and a new one is called with what comes after it.
void MemoryLog::notify(const EventPointer& event) {
  ++notifying_;
  const std::uint64_t oldest = events_.empty() ? event->seq() + 1 : events_.front()->seq();
  const std::size_t count = listeners_.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (listeners_[i] != nullptr) {
      listeners_[i]->appended(event, oldest);
    }
  }
  if (--notifying_ == 0) {
    std::erase(listeners_, nullptr);
  }
}

void MemoryLog::remove(LogListener& listener) {
  const auto found = std::ranges::find(listeners_, &listener);
  if (found == listeners_.end()) {
    return;
  }
  if (notifying_ > 0) {
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
    settings_.journal.evicted(channel_, evicted);
  }
}

bool MemoryLog::empty() {
  evict();
  return events_.empty();
}

void MemoryLog::read(const Query& query, ReadDone done) {
  evict();
  if (!query.after) {
    done(page(std::min<std::uint64_t>(query.newest, events_.size()), query.maxBytes));
    return;
  }
  const std::uint64_t after = query.after->seq;
  const bool whole = query.after->epoch == epoch_ && after <= seq_ && seq_ - after <= events_.size();
  done(whole ? page(seq_ - after, query.maxBytes) : Page{.epoch = epoch_, .seq = seq_, .start = seq_, .whole = false});
}

Page MemoryLog::page(std::uint64_t count, std::size_t maxBytes) const {
  Page page{.epoch = epoch_, .seq = seq_, .start = seq_ - count};
  std::size_t cost = 0;
  for (auto event = events_.end() - static_cast<std::ptrdiff_t>(count); event != events_.end(); ++event) {
    cost += (*event)->cost();
    if (!page.events.empty() && cost > maxBytes) {
      break;
    }
    page.events.push_back(*event);
  }
  return page;
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

}  // namespace tidewire::server
