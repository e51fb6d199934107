#include "core/protocol/deadlines.hpp"

#include <utility>

namespace tidewire::core::protocol {
namespace {

bool isBefore(const Deadline& left, const Deadline& right) noexcept {
  return left.at < right.at || (left.at == right.at && left.id < right.id);
}

}  // namespace

void Deadlines::add(Deadline& deadline, Time at) {
  deadline.at = at;
  heap_.push_back(&deadline);
  settle(heap_.size() - 1, deadline);
}

void Deadlines::erase(Deadline& deadline) noexcept {
  if (const auto place = std::exchange(deadline.place, std::nullopt)) {
    Deadline& last = *heap_.back();
    heap_.pop_back();
    if (&last != &deadline) {
      settle(*place, last);
    }
  }
}

Deadline* Deadlines::due(Time now) const noexcept {
  return !heap_.empty() && heap_.front()->at <= now ? heap_.front() : nullptr;
}

std::optional<Time> Deadlines::first() const noexcept {
  return heap_.empty() ? std::nullopt : std::optional(heap_.front()->at);
}

void Deadlines::put(std::size_t place, Deadline& deadline) noexcept {
  heap_[place] = &deadline;
  deadline.place = place;
}

/// Puts it at this place, or above or below it, so that none is before the one above it.
void Deadlines::settle(std::size_t place, Deadline& deadline) noexcept {
  for (; place > 0 && isBefore(deadline, *heap_[(place - 1) / 2]); place = (place - 1) / 2) {
    put(place, *heap_[(place - 1) / 2]);
  }
  for (std::size_t below = 2 * place + 1; below < heap_.size(); below = 2 * place + 1) {
    if (below + 1 < heap_.size() && isBefore(*heap_[below + 1], *heap_[below])) {
      ++below;
    }
    if (!isBefore(*heap_[below], deadline)) {
      break;
    }
    put(place, *heap_[below]);
    place = below;
  }
  put(place, deadline);
}

}  // namespace tidewire::core::protocol
