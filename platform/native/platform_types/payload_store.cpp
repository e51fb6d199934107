#include "platform_types/payload_store.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <new>

#include "os/randomness.hpp"
#include "rfc6455/codec.hpp"
#include "rfc6455/mask_keys.hpp"

namespace tidewire::internal {
namespace {

/// Of the thread that sends.
native::MaskKeys& maskKeys() {
  static thread_local native::MaskKeys keys(&native::drawRandom);
  return keys;
}

}  // namespace

/// Large blocks that are in no use, for whichever client floods next. Without them a flood has the system map and clear
/// every page anew, at a third of the cost of a small message.
class SpareBlocks {
 public:
  using Block = PayloadStore::Block;

  [[nodiscard]] Block* take() {
    const std::lock_guard lock(mutex_);
    return count_ == 0 ? nullptr : blocks_[--count_];
  }

  [[nodiscard]] bool keep(Block* block) {
    const std::lock_guard lock(mutex_);
    if (count_ == blocks_.size()) {
      return false;
    }
    blocks_[count_++] = block;
    return true;
  }

  /// Never destroyed: clients may outlive it.
  static SpareBlocks& shared() {
    static SpareBlocks* const instance = new SpareBlocks;
    return *instance;
  }

 private:
  std::mutex mutex_;
  std::array<Block*, 32> blocks_{};  // 4 MiB at most, for the whole process.
  std::size_t count_ = 0;
};

bool PayloadStore::put(MessageKind kind, std::span<const std::byte> payload) {
  const std::optional<std::uint32_t> key = maskKeys().next();
  if (!key) {
    return false;
  }
  const std::size_t bytes = native::frameBytes(payload.size());
  Block* const block = blockFor(bytes);
  const native::Opcode opcode = kind == MessageKind::Text ? native::Opcode::Text : native::Opcode::Binary;
  native::writeFrame(block->bytes() + block->used, opcode, payload, *key);
  block->used += bytes;
  ++block->messages;
  block->payloadBytes += payload.size();
  bytes_ += bytes;
  ++count_;
  return true;
}

PayloadStore::Batch PayloadStore::take() {
  nextCapacity_ = std::clamp(bytes_, kSmallestBlockBytes, kLargestBlockBytes);
  count_ = 0;
  bytes_ = 0;
  return std::exchange(batch_, {});
}

std::span<std::byte> PayloadStore::frame(const core::Outgoing& message) noexcept {
  return {reinterpret_cast<std::byte*>(message.payload.handle()), native::frameBytes(message.sizeBytes)};
}

std::size_t PayloadStore::dropFirst() {
  --count_;
  return batch_.next()->sizeBytes;
}

/// One with room for so many bytes.
PayloadStore::Block* PayloadStore::blockFor(std::size_t bytes) {
  std::vector<Block*>& blocks = batch_.blocks_;
  if (blocks.empty() || blocks.back()->capacity - blocks.back()->used < bytes) {
    blocks.push_back(makeBlock(std::max(bytes, nextCapacity_)));
    nextCapacity_ = std::min(nextCapacity_ * 4, kLargestBlockBytes);
  }
  return blocks.back();
}

PayloadStore::Block* PayloadStore::makeBlock(std::size_t capacity) {
  Block* const spare = capacity == kLargestBlockBytes ? SpareBlocks::shared().take() : nullptr;
  void* const memory = spare != nullptr ? spare : ::operator new(sizeof(Block) + capacity);
  return new (memory) Block{.capacity = capacity};
}

void PayloadStore::drop(Block* block) noexcept {
  if (--block->owners > 0) {
    return;
  }
  if (block->capacity != kLargestBlockBytes || !SpareBlocks::shared().keep(block)) {
    ::operator delete(block);
  }
}

void PayloadStore::release(void* owner, std::uintptr_t) noexcept {
  drop(static_cast<Block*>(owner));
}

PayloadStore::Batch::~Batch() {
  for (; block_ < blocks_.size(); ++block_) {
    drop(blocks_[block_]);
  }
}

/// The block in which the next message lies; null if there is none.
PayloadStore::Block* PayloadStore::Batch::current() {
  if (block_ < blocks_.size() && at_ == blocks_[block_]->used) {
    drop(blocks_[block_++]);
    at_ = 0;
  }
  return block_ < blocks_.size() ? blocks_[block_] : nullptr;
}

std::optional<PayloadStore::Batch::Stretch> PayloadStore::Batch::nextStretch() {
  Block* const block = current();
  if (block == nullptr) {
    return std::nullopt;
  }
  const std::span<const std::byte> frames(block->bytes() + at_, block->used - at_);
  at_ = block->used;
  ++block->owners;
  return Stretch{frames, std::exchange(block->messages, 0), std::exchange(block->payloadBytes, 0),
                 core::Payload(block, 0, &release)};
}

std::optional<core::Outgoing> PayloadStore::Batch::next() {
  Block* const block = current();
  if (block == nullptr) {
    return std::nullopt;
  }
  std::byte* const place = block->bytes() + at_;
  const native::OwnFrame frame = native::lookAt(place);
  at_ += frame.bytes;
  ++block->owners;
  --block->messages;
  block->payloadBytes -= frame.payloadBytes;
  return core::Outgoing{frame.opcode == native::Opcode::Text ? MessageKind::Text : MessageKind::Binary,
                        frame.payloadBytes, core::Payload(block, reinterpret_cast<std::uintptr_t>(place), &release)};
}

}  // namespace tidewire::internal
