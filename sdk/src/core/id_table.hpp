#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tidewire::core {

/// Values by id, where ids are given in rising order: a sorted vector, which is searched by halving and visited in
/// order.
///
/// `erase` destroys the value and keeps its place, so that it moves nothing; `add` removes such places once they are
/// half of all. Both take constant time on average. Only `add` moves values.
///
/// `T` has a default constructor.
template <class T>
class IdTable {
 public:
  struct Entry {
    std::uint64_t id = 0;
    bool isErased = false;
    T value = {};
  };

  /// Requires: `id` is higher than every id added before.
  T& add(std::uint64_t id, T value) {
    if (entries_.size() == entries_.capacity() && erased_ * 2 >= entries_.size()) {
      std::erase_if(entries_, [](const Entry& entry) { return entry.isErased; });
      erased_ = 0;
      first_ = 0;
    }
    assert(entries_.empty() || entries_.back().id < id);
    entries_.push_back({.id = id, .value = std::move(value)});
    return entries_.back().value;
  }

  /// The value, or null. Valid until the next `add`, or until it is erased.
  [[nodiscard]] T* find(std::uint64_t id) noexcept {
    Entry* const entry = lowerBound(id);
    return entry != end() && entry->id == id && !entry->isErased ? &entry->value : nullptr;
  }

  /// The entry with the lowest id that is not below `id`, or null. Takes longer where many before it were erased.
  [[nodiscard]] Entry* from(std::uint64_t id) noexcept {
    Entry* entry = lowerBound(id);
    while (entry != end() && entry->isErased) {
      ++entry;
    }
    return entry == end() ? nullptr : entry;
  }

  /// Returns false if there is no such id.
  bool erase(std::uint64_t id) noexcept {
    Entry* const entry = lowerBound(id);
    if (entry == end() || entry->id != id || entry->isErased) {
      return false;
    }
    entry->value = T();
    entry->isErased = true;
    ++erased_;
    trim();
    return true;
  }

  /// Calls `visit(id, value)` in the order of ids. `visit` may erase any value; it may not add one.
  template <class Visit>
  void each(Visit visit) {
    for (std::size_t at = first_; at < entries_.size(); ++at) {
      if (!entries_[at].isErased) {
        visit(entries_[at].id, entries_[at].value);
      }
    }
  }

  void clear() noexcept {
    if (entries_.capacity() > kKept) {
      std::vector<Entry>().swap(entries_);
    }
    entries_.clear();
    erased_ = 0;
    first_ = 0;
  }

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size() - erased_; }
  /// The lowest and the highest id. Requires: not empty.
  [[nodiscard]] std::uint64_t firstId() const noexcept { return entries_[first_].id; }
  [[nodiscard]] std::uint64_t lastId() const noexcept { return entries_.back().id; }

 private:
  // An empty table with more places returns its memory.
  static constexpr std::size_t kKept = 64;

  [[nodiscard]] Entry* end() noexcept { return entries_.data() + entries_.size(); }
  [[nodiscard]] Entry* lowerBound(std::uint64_t id) noexcept {
    return std::lower_bound(entries_.data() + first_, end(), id,
                            [](const Entry& entry, std::uint64_t wanted) { return entry.id < wanted; });
  }

  /// The first and the last entry are never erased ones.
  void trim() noexcept {
    if (erased_ == entries_.size()) {
      clear();
      return;
    }
    for (; entries_.back().isErased; --erased_) {
      entries_.pop_back();
    }
    while (entries_[first_].isErased) {
      ++first_;
    }
  }

  std::vector<Entry> entries_;
  std::size_t erased_ = 0;
  std::size_t first_ = 0;  // Erased ones stand before it.
};

}  // namespace tidewire::core
