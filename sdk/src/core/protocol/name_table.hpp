#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace tidewire::core::protocol {

/// Finds objects, which it does not own, by name: a hash table with open addressing.
///
/// Only the application gives the names, so that a peer cannot choose them to collide.
template <class T>
class NameTable {
 public:
  /// Null if there is none of that name.
  [[nodiscard]] T* find(std::string_view name) const noexcept {
    return slots_.empty() ? nullptr : slots_[place(name)].object;
  }

  /// Requires: none of that name. `name` stays where it is until it is erased.
  void add(std::string_view name, T* object) {
    if (++size_ * 2 > slots_.size()) {
      grow();
    }
    slots_[place(name)] = {name, object};
  }

  void erase(std::string_view name) noexcept {
    std::size_t free = slots_.empty() ? 0 : place(name);
    if (slots_.empty() || slots_[free].object == nullptr) {
      return;
    }
    --size_;
    // What was pushed behind this place by others moves up, so that a search never meets a gap before it.
    for (std::size_t at = after(free); slots_[at].object != nullptr; at = after(at)) {
      const std::size_t wanted = home(slots_[at].name);
      if (((at - wanted) & mask()) >= ((at - free) & mask())) {
        slots_[free] = std::exchange(slots_[at], {});
        free = at;
      }
    }
    slots_[free] = {};
  }

 private:
  struct Slot {
    std::string_view name = {};
    T* object = nullptr;
  };
  static constexpr std::size_t kFirst = 8;  // Always a power of two, and at least half of it free.

  [[nodiscard]] std::size_t mask() const noexcept { return slots_.size() - 1; }
  [[nodiscard]] std::size_t after(std::size_t at) const noexcept { return (at + 1) & mask(); }

  /// FNV-1a.
  [[nodiscard]] std::size_t home(std::string_view name) const noexcept {
    std::uint32_t hash = 2'166'136'261;
    for (const char c : name) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619;
    }
    return hash & mask();
  }

  /// Where the name is, or would be put.
  [[nodiscard]] std::size_t place(std::string_view name) const noexcept {
    std::size_t at = home(name);
    while (slots_[at].object != nullptr && slots_[at].name != name) {
      at = after(at);
    }
    return at;
  }

  void grow() {
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots_.empty() ? kFirst : slots_.size() * 2));
    for (const Slot& slot : old) {
      if (slot.object != nullptr) {
        slots_[place(slot.name)] = slot;
      }
    }
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace tidewire::core::protocol
