#include "core/id_table.hpp"

#include <algorithm>

namespace tidewire::core {
namespace {

// An empty table with more slots returns its memory.
constexpr std::size_t kKept = 64;

}  // namespace

void IdSlots::add(std::uint64_t id, void* value) {
  assert(value != nullptr && (slots_.empty() || slots_.back().id < id));
  if (slots_.size() == slots_.capacity() && erased_ * 2 >= slots_.size()) {
    std::erase_if(slots_, [](const Slot& slot) { return slot.value == nullptr; });
    erased_ = 0;
    first_ = 0;
  }
  slots_.push_back({id, value});
}

void* IdSlots::erase(std::uint64_t id) noexcept {
  const std::size_t place = lowerBound(id);
  if (place == slots_.size() || slots_[place].id != id || slots_[place].value == nullptr) {
    return nullptr;
  }
  void* const value = std::exchange(slots_[place].value, nullptr);
  if (++erased_ == slots_.size()) {
    clear();
    return value;
  }
  for (; slots_.back().value == nullptr; --erased_) {
    slots_.pop_back();
  }
  while (slots_[first_].value == nullptr) {
    ++first_;
  }
  return value;
}

void* IdSlots::find(std::uint64_t id) const noexcept {
  const std::size_t place = lowerBound(id);
  return place < slots_.size() && slots_[place].id == id ? slots_[place].value : nullptr;
}

void* IdSlots::from(std::uint64_t id) const noexcept {
  std::size_t place = lowerBound(id);
  while (place < slots_.size() && slots_[place].value == nullptr) {
    ++place;
  }
  return place < slots_.size() ? slots_[place].value : nullptr;
}

void IdSlots::clear() noexcept {
  if (slots_.capacity() > kKept) {
    std::vector<Slot>().swap(slots_);
  }
  slots_.clear();
  first_ = 0;
  erased_ = 0;
}

std::size_t IdSlots::lowerBound(std::uint64_t id) const noexcept {
  std::size_t low = first_;
  for (std::size_t high = slots_.size(); low < high;) {
    const std::size_t middle = low + (high - low) / 2;
    slots_[middle].id < id ? low = middle + 1 : high = middle;
  }
  return low;
}

}  // namespace tidewire::core
