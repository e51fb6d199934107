#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>

#include "core/outgoing.hpp"
#include "platform_types/payload_store.hpp"
#include "tidewire/events.hpp"
#include "tidewire/message.hpp"
#include "tidewire/send_buffer.hpp"

// Outgoing payloads from `send` until they are sent: `tidewire::internal::PayloadStore`, a type of the platform's,
// since every message goes through it. All calls of a store are made under one lock, or on one
// thread; a batch belongs to the
// loop thread.
namespace tidewire::internal {

/// Messages in the order of their `put`.
template <class Type>
concept PayloadBatch = std::default_initializable<Type> && std::movable<Type> && requires(Type batch) {
  /// Takes the next message, with its payload; empty after the last.
  { batch.next() } -> std::same_as<std::optional<core::Outgoing>>;
  /// How many messages are left, and their payload bytes.
  { batch.count() } -> std::same_as<std::size_t>;
  { batch.payloadBytes() } -> std::same_as<std::size_t>;
};

template <class Type>
concept OutgoingPayloads = std::default_initializable<Type> && PayloadBatch<typename Type::Batch> &&
    requires(Type store, const Type& constant, MessageKind kind, std::span<const std::byte> payload,
             SendBuffer& buffer) {
  /// Copies the payload. Returns false, without effect, if the message cannot be encoded. Requires: text is well-formed
  /// UTF-8.
  { store.put(kind, payload) } -> std::same_as<bool>;
  /// Prepares a payload for `put`, in a buffer that has `kHeadroomBytes` of room in front; not under the lock. Checks
  /// text for UTF-8. Unless the result is `Queued`, the payload is unchanged.
  ///
  /// Requires: the payload lies in the buffer, or in other memory if it has `kSealedBytes` or more; the buffer has its
  /// size, and was not moved from.
  { Type::seal(kind, payload, buffer) } -> std::same_as<SendResult>;
  /// Makes a payload that was sealed and not put what it was.
  Type::unseal(buffer);
  /// Takes a sealed payload, and returns true.
  { store.put(kind, buffer) } -> std::same_as<bool>;
  { Type::kHeadroomBytes } -> std::convertible_to<std::size_t>;
  { Type::kSealedBytes } -> std::convertible_to<std::size_t>;
  /// Takes all messages since the last `take`.
  { constant.count() } -> std::same_as<std::size_t>;
  { store.take() } -> std::same_as<typename Type::Batch>;
  /// Puts the messages that are left of an earlier batch before all others.
  store.giveBack(store.take());
  /// Drops the oldest message, and returns its size. Requires: not empty.
  { store.dropFirst() } -> std::same_as<std::size_t>;
};

static_assert(OutgoingPayloads<PayloadStore>,
              "the platform's PayloadStore lacks what sdk/src/platform/payload_store.hpp requires of it");

}  // namespace tidewire::internal
