#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "message_access.hpp"
#include "tidewire/message.hpp"

namespace tidewire::internal {

/// What a message's bytes lie in, if it is neither a mere view nor a slot.
class MessageMemory {
 public:
  /// Returns the memory in which the bytes stay: this one if the message owns it, another if that takes them over, for
  /// the message as its owner, or null if they have to be copied.
  [[nodiscard]] virtual MessageMemory* keep() = 0;
  /// The message no longer needs it. Any thread.
  virtual void release() noexcept = 0;

 protected:
  ~MessageMemory() = default;
};

/// Memory that several messages share. Destroys itself with the last owner.
class SharedMemory final : public MessageMemory {
 public:
  /// Makes one, with so many owners.
  [[nodiscard]] static SharedMemory* make(std::size_t capacity, std::uint32_t owners);

  [[nodiscard]] std::byte* bytes() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
  [[nodiscard]] std::uint32_t owners() const noexcept { return owners_.load(std::memory_order_acquire); }
  void release(std::uint32_t owners) noexcept;
  /// Adds so many owners. Requires: the caller is one.
  void renew(std::uint32_t owners) noexcept { owners_.fetch_add(owners, std::memory_order_relaxed); }

  [[nodiscard]] MessageMemory* keep() override { return this; }
  void release() noexcept override { release(1); }

 private:
  SharedMemory(std::size_t allocated, std::uint32_t owners) : allocated_(allocated), owners_(owners) {}
  ~SharedMemory() = default;

  const std::size_t allocated_;
  std::atomic<std::uint32_t> owners_;
};

/// Keeps the messages of one client beyond their callback: small ones packed into shared memory, without an allocation
/// for each. One thread at a time.
class MessageKeeper {
 public:
  MessageKeeper() = default;
  MessageKeeper(const MessageKeeper&) = delete;
  MessageKeeper& operator=(const MessageKeeper&) = delete;
  ~MessageKeeper() { retire(); }

  /// Makes the message independent of the bytes it is over, and moves it out.
  [[nodiscard]] Message keep(Message& message) {
    const std::span<const std::byte> bytes = MessageAccess::bytesOf(message);
    if (!MessageAccess::isMereView(message) || bytes.size() > kLargestPacked) {
      return MessageAccess::keep(message);
    }
    std::byte* const place = placeFor(bytes.size());
    std::memcpy(place, bytes.data(), bytes.size());
    return MessageAccess::in(message.kind(), {place, bytes.size()}, memory_);
  }

 private:
  static constexpr std::size_t kPackBytes = 64 * 1024 - sizeof(SharedMemory);
  // Of a larger message the copy costs more than an allocation, and it would keep the memory of others.
  static constexpr std::size_t kLargestPacked = 8 * 1024;
  // More owners than messages fit. Each message then costs one change of the number, by the thread that frees it.
  static constexpr std::uint32_t kManyOwners = 1U << 30;

  [[nodiscard]] std::byte* placeFor(std::size_t bytes) {
    if (memory_ == nullptr || used_ + bytes > kPackBytes) {
      renew();
    }
    ++given_;
    return memory_->bytes() + std::exchange(used_, used_ + bytes);
  }
  void renew();
  void retire() noexcept;

  SharedMemory* memory_ = nullptr;
  std::size_t used_ = 0;
  std::uint32_t given_ = 0;  // Owners among the messages so far.
};

}  // namespace tidewire::internal
