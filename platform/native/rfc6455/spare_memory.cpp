#include "rfc6455/spare_memory.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <utility>

namespace tidewire::native {
namespace {

constexpr std::size_t kSmallestShift = 8;
constexpr std::size_t kLargestShift = 24;
constexpr std::size_t kSmallestBytes = std::size_t{1} << kSmallestShift;
constexpr std::size_t kLargestBytes = std::size_t{1} << kLargestShift;
constexpr std::size_t kMostSpareBytes = 32 * 1024 * 1024;

constexpr bool isKept(std::size_t capacity) {
  return capacity >= kSmallestBytes && capacity <= kLargestBytes;
}

void* orAbort(void* memory) {
  if (memory == nullptr) {
    std::abort();
  }
  return memory;
}

/// The kept pieces, a list for each size. The last one kept is the first one given: it may still be in the cache.
class Spares {
 public:
  [[nodiscard]] std::byte* take(std::size_t capacity) {
    const std::lock_guard lock(mutex_);
    Size& size = sizeOf(capacity);
    if (size.first == nullptr) {
      return nullptr;
    }
    Piece* const piece = size.first;
    size.first = piece->next;
    size.unneeded = std::min(size.unneeded, --size.count);
    bytes_ -= capacity;
    return reinterpret_cast<std::byte*>(piece);
  }

  [[nodiscard]] bool keep(const Memory& memory) {
    const std::lock_guard lock(mutex_);
    if (bytes_ + memory.capacity > kMostSpareBytes) {
      return false;
    }
    Size& size = sizeOf(memory.capacity);
    size.first = new (memory.data) Piece{size.first};
    ++size.count;
    bytes_ += memory.capacity;
    return true;
  }

  void trim() {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < sizes_.size(); ++i) {
      Size& size = sizes_[i];
      for (; size.unneeded > 0; --size.unneeded, --size.count) {
        std::free(std::exchange(size.first, size.first->next));
        bytes_ -= kSmallestBytes << i;
      }
      size.unneeded = size.count;
    }
  }

  [[nodiscard]] std::size_t bytes() {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

  /// Never destroyed: clients may outlive it.
  static Spares& shared() {
    static Spares* const instance = new Spares;
    return *instance;
  }

 private:
  struct Piece {
    Piece* next;
  };
  struct Size {
    Piece* first = nullptr;
    std::size_t count = 0;
    std::size_t unneeded = 0;  // The fewest that were here since the last `trim`.
  };

  [[nodiscard]] Size& sizeOf(std::size_t capacity) {
    return sizes_[static_cast<std::size_t>(std::countr_zero(capacity)) - kSmallestShift];
  }

  std::mutex mutex_;
  std::array<Size, kLargestShift - kSmallestShift + 1> sizes_;
  std::size_t bytes_ = 0;
};

}  // namespace

Memory allocate(std::size_t bytes) noexcept {
  if (!isKept(bytes)) {
    return {static_cast<std::byte*>(orAbort(std::malloc(bytes))), bytes};
  }
  const std::size_t capacity = std::bit_ceil(bytes);
  std::byte* const spare = Spares::shared().take(capacity);
  return {spare != nullptr ? spare : static_cast<std::byte*>(orAbort(std::malloc(capacity))), capacity};
}

void release(Memory memory) noexcept {
  if (!isKept(memory.capacity) || !Spares::shared().keep(memory)) {
    std::free(memory.data);
  }
}

Memory reallocate(Memory memory, std::size_t used, std::size_t bytes) noexcept {
  if (!isKept(memory.capacity) && !isKept(bytes)) {
    return {static_cast<std::byte*>(orAbort(std::realloc(memory.data, bytes))), bytes};
  }
  const Memory larger = allocate(bytes);
  if (used > 0) {
    std::memcpy(larger.data, memory.data, used);
  }
  release(memory);
  return larger;
}

void trimSpareMemory() noexcept {
  Spares::shared().trim();
}

std::size_t spareMemoryBytes() noexcept {
  return Spares::shared().bytes();
}

}  // namespace tidewire::native
