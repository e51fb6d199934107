#pragma once

#include <cassert>
#include <cstddef>
#include <memory>
#include <utility>

namespace tidewire::core {

/// First in, first out, in one block of memory that grows by doubling.
///
/// Unlike `std::deque` an empty queue owns no memory, one that drained after a burst returns it, and the code is short.
/// Elements move when the queue grows, so a reference is valid until the next `push_back`.
template <class T>
class RingQueue {
 public:
  RingQueue() = default;
  RingQueue(const RingQueue&) = delete;
  RingQueue& operator=(const RingQueue&) = delete;
  RingQueue(RingQueue&& other) noexcept { swap(other); }
  RingQueue& operator=(RingQueue&& other) noexcept {
    RingQueue(std::move(other)).swap(*this);
    return *this;
  }
  ~RingQueue() { clear(); }

  void push_back(T value) { (void)emplace_back(std::move(value)); }

  /// Makes one in its place.
  template <class... Arguments>
  T& emplace_back(Arguments&&... arguments) {
    if (size_ == capacity_) {
      resize(capacity_ == 0 ? kFirst : capacity_ * 2);
    }
    T* const made = std::construct_at(place(size_), std::forward<Arguments>(arguments)...);
    ++size_;
    return *made;
  }

  /// Requires: not empty. The same for the other two.
  void pop_front() {
    assert(size_ > 0);
    std::destroy_at(place(0));
    first_ = (first_ + 1) & (capacity_ - 1);
    if (--size_ == 0 && capacity_ > kKept) {
      resize(0);
    }
  }
  [[nodiscard]] T& front() noexcept { return (*this)[0]; }
  [[nodiscard]] const T& front() const noexcept { return (*this)[0]; }

  /// Counted from the front. Requires: less than `size()`.
  [[nodiscard]] T& operator[](std::size_t at) noexcept {
    assert(at < size_);
    return *place(at);
  }
  [[nodiscard]] const T& operator[](std::size_t at) const noexcept {
    assert(at < size_);
    return *place(at);
  }

  /// Takes one out of the middle. Requires: less than `size()`.
  void erase(std::size_t at) {
    for (; at + 1 < size_; ++at) {
      (*this)[at] = std::move((*this)[at + 1]);
    }
    std::destroy_at(place(--size_));
  }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  void clear() noexcept {
    for (; size_ > 0; --size_) {
      std::destroy_at(place(size_ - 1));
    }
    resize(0);
  }

  void swap(RingQueue& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(capacity_, other.capacity_);
    std::swap(first_, other.first_);
    std::swap(size_, other.size_);
  }

 private:
  // Powers of two, so that a place wraps around by a mask.
  static constexpr std::size_t kFirst = 4;
  // A queue with more places returns them when it is empty.
  static constexpr std::size_t kKept = 64;

  [[nodiscard]] T* place(std::size_t at) const noexcept { return block_ + ((first_ + at) & (capacity_ - 1)); }

  /// Requires: zero, or a power of two that is not less than `size()`.
  void resize(std::size_t capacity) noexcept {
    T* const block = capacity == 0 ? nullptr : std::allocator<T>().allocate(capacity);
    for (std::size_t at = 0; at < size_; ++at) {
      std::construct_at(block + at, std::move(*place(at)));
      std::destroy_at(place(at));
    }
    if (block_ != nullptr) {
      std::allocator<T>().deallocate(block_, capacity_);
    }
    block_ = block;
    capacity_ = capacity;
    first_ = 0;
  }

  T* block_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace tidewire::core
