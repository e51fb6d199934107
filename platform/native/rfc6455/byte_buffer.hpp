#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

#include "rfc6455/spare_memory.hpp"

namespace tidewire::native {

/// A contiguous buffer that grows at its end, for outgoing frames and incoming messages.
///
/// Not a std::vector: `extend` does not zero bytes that are overwritten at once (measured: a third of the cost of
/// encoding a frame of 64 KiB), and the memory of a large message is used again (`spare_memory.hpp`).
class ByteBuffer {
 public:
  ByteBuffer() noexcept = default;
  ByteBuffer(ByteBuffer&& other) noexcept
      : memory_(std::exchange(other.memory_, {})), size_(std::exchange(other.size_, 0)) {}
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~ByteBuffer() { native::release(memory_); }

  [[nodiscard]] std::byte* data() noexcept { return memory_.data; }
  [[nodiscard]] const std::byte* data() const noexcept { return memory_.data; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return memory_.capacity; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {memory_.data, size_}; }

  void reserve(std::size_t capacity) noexcept {
    if (capacity > memory_.capacity) {
      memory_ = reallocate(memory_, size_, capacity);
    }
  }

  /// Room behind the content, which `grow` turns into content.
  [[nodiscard]] std::span<std::byte> room() noexcept { return {memory_.data + size_, memory_.capacity - size_}; }
  /// Requires: `room` has so many bytes.
  void grow(std::size_t count) noexcept { size_ += count; }

  /// Grows by `count` bytes of unspecified content.
  ///
  /// Returns: where they begin; valid until the buffer grows again.
  [[nodiscard]] std::byte* extend(std::size_t count) noexcept {
    if (count > memory_.capacity - size_) {
      reserve(std::max(2 * memory_.capacity, size_ + count));
    }
    std::byte* const place = memory_.data + size_;
    size_ += count;
    return place;
  }

  void append(std::span<const std::byte> bytes) noexcept {
    if (!bytes.empty()) {
      std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
    }
  }

  /// Keeps the memory.
  void clear() noexcept { size_ = 0; }

  /// Frees the memory.
  void release() noexcept {
    native::release(std::exchange(memory_, {}));
    size_ = 0;
  }

 private:
  Memory memory_;
  std::size_t size_ = 0;
};

}  // namespace tidewire::native
