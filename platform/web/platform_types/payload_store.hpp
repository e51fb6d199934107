#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "core/outgoing.hpp"
#include "core/ring_queue.hpp"
#include "core/utf8.hpp"
#include "glue.hpp"
#include "tidewire/events.hpp"
#include "tidewire/send_buffer.hpp"

namespace tidewire::internal {

/// Outgoing payloads from `send` until they are sent, in JavaScript's slot table, where the browser takes them from.
/// They are copied there at once, because a view of wasm memory becomes invalid when the memory grows.
class PayloadStore {
 public:
  /// In front of a payload in a `SendBuffer`.
  static constexpr std::size_t kHeadroomBytes = 0;
  /// No payload is copied into a buffer, since it is copied into JavaScript anyway.
  static constexpr std::size_t kSealedBytes = (std::numeric_limits<std::size_t>::max)();

  /// Messages in the order of their `put`.
  class Batch {
   public:
    [[nodiscard]] std::optional<core::Outgoing> next() {
      if (messages_.empty()) {
        return std::nullopt;
      }
      std::optional<core::Outgoing> message(std::move(messages_.front()));
      messages_.pop_front();
      return message;
    }

    /// How many messages are left, and their payload bytes.
    [[nodiscard]] std::size_t count() const noexcept { return messages_.size(); }
    [[nodiscard]] std::size_t payloadBytes() const noexcept {
      std::size_t bytes = 0;
      for (std::size_t i = 0; i < messages_.size(); ++i) {
        bytes += messages_[i].sizeBytes;
      }
      return bytes;
    }

   private:
    friend class PayloadStore;

    core::RingQueue<core::Outgoing> messages_;
  };

  /// Returns true; natively a message may be impossible to encode.
  bool put(MessageKind kind, std::span<const std::byte> bytes) {
    const std::uint32_t slot = kind == MessageKind::Text
                                   ? tidewire_js_hold_text(reinterpret_cast<const char*>(bytes.data()), bytes.size())
                                   : tidewire_js_hold_bytes(bytes.data(), bytes.size());
    return put(ofSlot(kind, slot, bytes.size()));
  }

  /// Empties the buffer.
  bool put(MessageKind kind, SendBuffer& buffer) {
    const SendBuffer sent = std::move(buffer);
    return put(kind, sent.bytes());
  }

  /// Natively a frame is made in place before it is put.
  [[nodiscard]] static SendResult seal(MessageKind kind, std::span<const std::byte> payload, SendBuffer&) noexcept {
    return kind == MessageKind::Text && !core::isValidUtf8(payload) ? SendResult::InvalidUtf8 : SendResult::Queued;
  }
  static void unseal(SendBuffer&) noexcept {}

  bool put(core::Outgoing message) {
    batch_.messages_.push_back(std::move(message));
    return true;
  }

  [[nodiscard]] std::size_t count() const noexcept { return batch_.count(); }
  [[nodiscard]] Batch take() { return std::exchange(batch_, {}); }
  /// Puts the messages that are left of an earlier batch before all others.
  void giveBack(Batch batch) {
    while (std::optional<core::Outgoing> later = batch_.next()) {
      batch.messages_.push_back(std::move(*later));
    }
    batch_ = std::move(batch);
  }
  /// Drops the oldest message, and returns its size. Requires: not empty.
  std::size_t dropFirst() { return batch_.next()->sizeBytes; }

  /// Takes ownership of a payload that is already in the table.
  [[nodiscard]] static core::Outgoing ofSlot(MessageKind kind, std::uint32_t slot, std::size_t sizeBytes) {
    return {kind, sizeBytes, core::Payload(nullptr, slot, &release)};
  }

  [[nodiscard]] static std::uint32_t slot(const core::Outgoing& message) noexcept {
    return static_cast<std::uint32_t>(message.payload.handle());
  }

 private:
  static void release(void*, std::uintptr_t handle) noexcept {
    tidewire_js_release(static_cast<std::uint32_t>(handle));
  }

  Batch batch_;
};

}  // namespace tidewire::internal
