#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tidewire::core {

/// The part of the two tables below that does not depend on their type, so that its code exists once: a sorted vector
/// of pointers, which is searched by halving.
///
/// `erase` keeps the slot, so that it moves nothing; `add` removes such slots once they are half of all. Both take
/// constant time on average.
class IdSlots {
 public:
  struct Slot {
    std::uint64_t id;
    void* value;  // Null: erased.
  };

  void add(std::uint64_t id, void* value);
  /// Returns the value, or null. The same for `find`.
  void* erase(std::uint64_t id) noexcept;
  [[nodiscard]] void* find(std::uint64_t id) const noexcept;
  /// The value with the lowest id that is not below `id`, or null.
  [[nodiscard]] void* from(std::uint64_t id) const noexcept;
  void clear() noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return slots_.size() - erased_; }
  [[nodiscard]] bool empty() const noexcept { return slots_.empty(); }
  /// The lowest and the highest id. Requires: not empty.
  [[nodiscard]] std::uint64_t firstId() const noexcept { return slots_[first_].id; }
  [[nodiscard]] std::uint64_t lastId() const noexcept { return slots_.back().id; }

  /// For visits in order: slots, some of them erased.
  [[nodiscard]] std::size_t begin() const noexcept { return first_; }
  [[nodiscard]] std::size_t end() const noexcept { return slots_.size(); }
  [[nodiscard]] void* at(std::size_t place) const noexcept { return slots_[place].value; }

 private:
  [[nodiscard]] std::size_t lowerBound(std::uint64_t id) const noexcept;

  std::vector<Slot> slots_;  // The first that counts and the last are never erased ones.
  std::size_t first_ = 0;
  std::size_t erased_ = 0;
};

/// Objects of somebody else's by id, where ids are given in rising order.
template <class T>
class IdMap {
 public:
  /// Requires: `id` is higher than every id added before.
  void add(std::uint64_t id, T& value) { slots_.add(id, &value); }
  /// Returns false if there is no such id.
  bool erase(std::uint64_t id) noexcept { return slots_.erase(id) != nullptr; }
  void clear() noexcept { slots_.clear(); }

  /// Null if there is no such id.
  [[nodiscard]] T* find(std::uint64_t id) const noexcept { return static_cast<T*>(slots_.find(id)); }
  [[nodiscard]] bool empty() const noexcept { return slots_.empty(); }
  /// The lowest id. Requires: not empty.
  [[nodiscard]] std::uint64_t firstId() const noexcept { return slots_.firstId(); }

 private:
  IdSlots slots_;
};

/// Objects by id, where ids are given in rising order. Each stays where it is until it is erased.
template <class T>
class IdTable {
 public:
  IdTable() = default;
  IdTable(const IdTable&) = delete;
  IdTable& operator=(const IdTable&) = delete;
  ~IdTable() {
    each([](T& value) { delete &value; });
  }

  /// Requires: `id` is higher than every id added before.
  template <class... Arguments>
  T& add(std::uint64_t id, Arguments&&... arguments) {
    T* const made = new T{std::forward<Arguments>(arguments)...};
    slots_.add(id, made);
    return *made;
  }
  /// Returns false if there is no such id.
  bool erase(std::uint64_t id) noexcept {
    T* const value = static_cast<T*>(slots_.erase(id));
    delete value;
    return value != nullptr;
  }

  /// Null if there is no such id.
  [[nodiscard]] T* find(std::uint64_t id) const noexcept { return static_cast<T*>(slots_.find(id)); }
  /// The one with the lowest id that is not below `id`, or null. Takes longer where many before it were erased.
  [[nodiscard]] T* from(std::uint64_t id) const noexcept { return static_cast<T*>(slots_.from(id)); }

  /// Calls `visit` in the order of ids. It may erase any; it may not add one.
  template <class Visit>
  void each(Visit visit) {
    for (std::size_t place = slots_.begin(); place < slots_.end(); ++place) {
      if (void* const value = slots_.at(place)) {
        visit(*static_cast<T*>(value));
      }
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }
  [[nodiscard]] bool empty() const noexcept { return slots_.empty(); }
  /// The lowest and the highest id. Requires: not empty.
  [[nodiscard]] std::uint64_t firstId() const noexcept { return slots_.firstId(); }
  [[nodiscard]] std::uint64_t lastId() const noexcept { return slots_.lastId(); }

 private:
  IdSlots slots_;
};

}  // namespace tidewire::core
