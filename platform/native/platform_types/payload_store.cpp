#include "platform_types/payload_store.hpp"

#include <algorithm>
#include <cstddef>
#include <new>

#include "os/randomness.hpp"
#include "rfc6455/codec.hpp"
#include "rfc6455/mask_keys.hpp"
#include "rfc6455/spare_memory.hpp"
#include "send_buffer_access.hpp"

namespace tidewire::internal {
namespace {

/// Of the thread that sends.
native::MaskKeys& maskKeys() {
  static thread_local native::MaskKeys keys(&native::drawRandom, &native::drawManyRandom);
  return keys;
}

}  // namespace

bool PayloadStore::put(MessageKind kind, std::span<const std::byte> payload) {
  const std::optional<std::uint32_t> key = maskKeys().next();
  if (!key) {
    return false;
  }
  const std::size_t bytes = native::frameBytes(payload.size());
  if (batch_.last_ == nullptr || batch_.last_->room() < bytes) {
    addBlock(bytes);
  }
  Block* const block = batch_.last_;
  native::writeFrame(block->bytes() + block->used, native::opcodeOf(kind), payload, *key);
  block->used += bytes;
  ++block->messages;
  block->payloadBytes += payload.size();
  bytes_ += bytes;
  ++count_;
  return true;
}

SendResult PayloadStore::seal(MessageKind kind, std::span<const std::byte> payload, SendBuffer& buffer) {
  static_assert(kHeadroomBytes >= sizeof(Block) + native::kMaxOwnHeaderBytes);
  static_assert(kHeadroomBytes % alignof(std::max_align_t) == 0);
  const std::optional<std::uint32_t> key = maskKeys().next();
  if (!key) {
    return SendResult::Unavailable;
  }
  const bool isFrame = native::frameChecked(buffer.bytes().data(), payload, native::opcodeOf(kind), *key);
  return isFrame ? SendResult::Queued : SendResult::InvalidUtf8;
}

void PayloadStore::unseal(SendBuffer& buffer) noexcept {
  (void)native::unmask(buffer.bytes().data() + buffer.size() - native::frameBytes(buffer.size()));
}

bool PayloadStore::put(MessageKind, SendBuffer& buffer) {
  const std::size_t payloadBytes = buffer.size();
  const std::size_t capacity = SendBufferAccess::capacity(buffer);
  std::byte* const memory = SendBufferAccess::take(buffer, kHeadroomBytes);
  auto* const block = new (memory) Block{.capacity = capacity, .messages = 1, .payloadBytes = payloadBytes};
  block->used = kHeadroomBytes - sizeof(Block) + payloadBytes;
  block->taken = block->used - native::frameBytes(payloadBytes);
  append(block);
  ++count_;
  return true;
}

PayloadStore::Batch PayloadStore::take() {
  nextBlockBytes_ = std::clamp(bytes_ + sizeof(Block), kSmallestBlockBytes, kLargestBlockBytes);
  count_ = 0;
  bytes_ = 0;
  return std::exchange(batch_, {});
}

void PayloadStore::giveBack(Batch batch) {
  if (batch.current() == nullptr) {
    return;
  }
  count_ += batch.count();
  batch.last_->next = std::exchange(batch_.first_, nullptr);
  batch.last_ = batch_.last_ == nullptr ? batch.last_ : batch_.last_;
  batch_ = std::move(batch);
}

std::size_t PayloadStore::Batch::count() const noexcept {
  std::size_t count = 0;
  for (const Block* block = first_; block != nullptr; block = block->next) {
    count += block->messages;
  }
  return count;
}

std::size_t PayloadStore::Batch::payloadBytes() const noexcept {
  std::size_t bytes = 0;
  for (const Block* block = first_; block != nullptr; block = block->next) {
    bytes += block->payloadBytes;
  }
  return bytes;
}

std::span<std::byte> PayloadStore::frame(const core::Outgoing& message) noexcept {
  return {reinterpret_cast<std::byte*>(message.payload.handle()), native::frameBytes(message.sizeBytes)};
}

std::size_t PayloadStore::dropFirst() {
  --count_;
  return batch_.next()->sizeBytes;
}

/// Adds one with room for so many bytes.
void PayloadStore::addBlock(std::size_t bytes) {
  const native::Memory memory = native::allocate(std::max(sizeof(Block) + bytes, nextBlockBytes_));
  nextBlockBytes_ = std::min(nextBlockBytes_ * 4, kLargestBlockBytes);
  append(new (memory.data) Block{.capacity = memory.capacity});
}

void PayloadStore::append(Block* block) noexcept {
  (batch_.last_ == nullptr ? batch_.first_ : batch_.last_->next) = block;
  batch_.last_ = block;
}

void PayloadStore::drop(Block* block) noexcept {
  if (--block->owners == 0) {
    native::release({reinterpret_cast<std::byte*>(block), block->capacity});
  }
}

void PayloadStore::release(void* owner, std::uintptr_t) noexcept {
  drop(static_cast<Block*>(owner));
}

PayloadStore::Batch::~Batch() {
  while (first_ != nullptr) {
    drop(std::exchange(first_, first_->next));
  }
}

/// The block in which the next message lies; null if there is none.
PayloadStore::Block* PayloadStore::Batch::current() {
  if (first_ != nullptr && first_->taken == first_->used) {
    drop(std::exchange(first_, first_->next));
  }
  if (first_ == nullptr) {
    last_ = nullptr;
  }
  return first_;
}

std::optional<PayloadStore::Batch::Stretch> PayloadStore::Batch::nextStretch() {
  Block* const block = current();
  if (block == nullptr) {
    return std::nullopt;
  }
  const std::span<const std::byte> frames(block->bytes() + block->taken, block->used - block->taken);
  block->taken = block->used;
  ++block->owners;
  return Stretch{frames, std::exchange(block->messages, 0), std::exchange(block->payloadBytes, 0),
                 core::Payload(block, 0, &release)};
}

std::optional<core::Outgoing> PayloadStore::Batch::next() {
  Block* const block = current();
  if (block == nullptr) {
    return std::nullopt;
  }
  std::byte* const place = block->bytes() + block->taken;
  const native::OwnFrame frame = native::lookAt(place);
  block->taken += frame.bytes;
  ++block->owners;
  --block->messages;
  block->payloadBytes -= frame.payloadBytes;
  return core::Outgoing{frame.opcode == native::Opcode::Text ? MessageKind::Text : MessageKind::Binary,
                        frame.payloadBytes, core::Payload(block, reinterpret_cast<std::uintptr_t>(place), &release)};
}

}  // namespace tidewire::internal
