#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "core/outgoing.hpp"
#include "tidewire/events.hpp"
#include "tidewire/send_buffer.hpp"

namespace tidewire::internal {

/// Outgoing messages from `send` until they are written, as encoded frames packed into blocks.
///
/// The sending thread masks, and a message needs no allocation; the loop thread writes whole stretches of a block
/// without touching their bytes. `put` and `take` are called under the mailbox's lock. Taken blocks belong to the loop
/// thread alone, so a block's reference count is not atomic.
class PayloadStore {
  struct Block {
    std::size_t capacity;  // Of all its memory.
    Block* next = nullptr;
    std::size_t used = 0;
    std::size_t taken = 0;
    std::size_t owners = 1;    // Its store or batch, and its messages under way.
    std::size_t messages = 0;  // Not taken yet, and their payload bytes.
    std::size_t payloadBytes = 0;

    [[nodiscard]] std::byte* bytes() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
    [[nodiscard]] std::size_t room() const noexcept { return capacity - sizeof(Block) - used; }
  };

 public:
  /// Messages in the order of their `put`.
  class Batch {
   public:
    Batch() = default;
    Batch(Batch&& other) noexcept
        : first_(std::exchange(other.first_, nullptr)), last_(std::exchange(other.last_, nullptr)) {}
    Batch& operator=(Batch&& other) noexcept {
      std::swap(first_, other.first_);
      std::swap(last_, other.last_);
      return *this;
    }
    ~Batch();

    [[nodiscard]] std::optional<core::Outgoing> next();
    /// How many messages are left, and their payload bytes.
    [[nodiscard]] std::size_t count() const noexcept;
    [[nodiscard]] std::size_t payloadBytes() const noexcept;

    /// Adjacent messages, as one stretch.
    struct Stretch {
      std::span<const std::byte> frames;
      std::size_t messages = 0;
      std::size_t payloadBytes = 0;
      core::Payload keep;  ///< Keeps the memory.
    };
    [[nodiscard]] std::optional<Stretch> nextStretch();

   private:
    friend class PayloadStore;

    [[nodiscard]] Block* current();

    Block* first_ = nullptr;
    Block* last_ = nullptr;
  };

  /// In front of a payload in a `SendBuffer`: a block's own data, and the longest header of a frame. A multiple of the
  /// strictest alignment, which payloads keep.
  static constexpr std::size_t kHeadroomBytes = 80;
  /// Payloads from this size on are better sealed than put: they would have a block for themselves, and to mask one
  /// under the lock holds up other threads.
  static constexpr std::size_t kSealedBytes = 128 * 1024;

  PayloadStore() = default;
  PayloadStore(const PayloadStore&) = delete;
  PayloadStore& operator=(const PayloadStore&) = delete;

  /// Returns false if there is no randomness to mask it with (RFC 6455 section 10.3).
  [[nodiscard]] bool put(MessageKind kind, std::span<const std::byte> payload);
  /// Puts the frame that `seal` has made; the buffer's memory becomes a block. Returns true.
  bool put(MessageKind kind, SendBuffer& buffer);
  /// Makes a frame of the payload in the buffer, in which it may lie already; no lock has to be held for it. Unless the
  /// result is `Queued`, which means that it can be put, the payload is unchanged.
  ///
  /// Requires: the buffer was not moved from, and is as large as the payload.
  [[nodiscard]] static SendResult seal(MessageKind kind, std::span<const std::byte> payload, SendBuffer& buffer);
  /// Makes the payload of a frame that was not put what it was.
  static void unseal(SendBuffer& buffer) noexcept;
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] Batch take();
  /// Puts the messages that are left of an earlier batch before all others.
  void giveBack(Batch batch);
  /// Drops the oldest message, and returns its size. Requires: not empty.
  std::size_t dropFirst();

  /// The whole frame, as it goes over the wire where no extension changes messages.
  [[nodiscard]] static std::span<std::byte> frame(const core::Outgoing& message) noexcept;

 private:
  // A single message wastes little; a burst soon fills large blocks, and the next burst begins with one.
  static constexpr std::size_t kSmallestBlockBytes = 256;
  static constexpr std::size_t kLargestBlockBytes = 2 * kSealedBytes;

  void addBlock(std::size_t bytes);
  void append(Block* block) noexcept;
  static void drop(Block* block) noexcept;
  static void release(void* owner, std::uintptr_t handle) noexcept;

  Batch batch_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  std::size_t nextBlockBytes_ = kSmallestBlockBytes;
};

}  // namespace tidewire::internal
