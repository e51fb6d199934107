#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>
#include <span>

#include "core/outgoing.hpp"

namespace tidewire::internal {

/// Where outgoing payloads lie from `send` until they are written: packed one behind the other into blocks, so that a
/// message costs a copy and no allocation.
///
/// A producer fills the block under the mailbox's lock. `seal`, under the same lock, hands every payload so far to the
/// loop thread, which alone releases them; that is why the count of a block needs no atomic.
class PayloadStore {
 public:
  PayloadStore() = default;
  PayloadStore(const PayloadStore&) = delete;
  PayloadStore& operator=(const PayloadStore&) = delete;
  ~PayloadStore() { seal(); }

  [[nodiscard]] core::Outgoing put(MessageKind kind, std::span<const std::byte> bytes) {
    if (block_ == nullptr || block_->capacity - block_->used < bytes.size()) {
      startBlock(bytes.size());
    }
    std::byte* place = block_->bytes() + block_->used;
    if (!bytes.empty()) {
      std::memcpy(place, bytes.data(), bytes.size());
    }
    block_->used += bytes.size();
    ++block_->live;
    return {kind, bytes.size(), core::Payload(block_, reinterpret_cast<std::uintptr_t>(place), &release)};
  }

  /// The next `put` starts a new block.
  void seal() noexcept {
    if (block_ != nullptr) {
      drop(block_);
      block_ = nullptr;
      nextCapacity_ = kFirstBlockBytes;
    }
  }

  [[nodiscard]] static std::span<const std::byte> view(const core::Outgoing& message) noexcept {
    return {reinterpret_cast<const std::byte*>(message.payload.handle()), message.sizeBytes};
  }

 private:
  // A lone message wastes little; a burst soon fills large blocks.
  static constexpr std::size_t kFirstBlockBytes = 256;
  static constexpr std::size_t kLargestBlockBytes = 64 * 1024;

  struct Block {
    std::size_t capacity;
    std::size_t used = 0;
    std::size_t live = 1;  // Its payloads, and the store while it fills the block.

    std::byte* bytes() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
  };

  void startBlock(std::size_t atLeast) {
    const std::size_t next = nextCapacity_;
    seal();
    const std::size_t capacity = std::max(atLeast, next);
    block_ = new (::operator new(sizeof(Block) + capacity)) Block{capacity};
    nextCapacity_ = std::min(next * 4, kLargestBlockBytes);
  }

  static void drop(Block* block) noexcept {
    if (--block->live == 0) {
      block->~Block();
      ::operator delete(block);
    }
  }

  static void release(void* owner, std::uintptr_t) noexcept { drop(static_cast<Block*>(owner)); }

  Block* block_ = nullptr;
  std::size_t nextCapacity_ = kFirstBlockBytes;
};

}  // namespace tidewire::internal
