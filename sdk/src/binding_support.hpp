#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/dispatch.hpp"
#include "core/id_table.hpp"
#include "direct_client.hpp"
#include "message_access.hpp"
#include "platform/payload_store.hpp"
#include "tidewire/message.hpp"
#include "tidewire/session_events.hpp"

/// Functions for bindings to other languages, beyond the public headers. It is the only file of sdk/src that they
/// include.
///
/// Payloads cross as slots of the platform's table (platform/slots.hpp), so that they are not copied into C++ and out
/// again. Each function has the thread rules and guarantees of its public counterpart.
namespace tidewire::binding {

// A client and a session of one thread, their events, and the receivers of a session's news.
using internal::Caller;
using internal::DirectClient;
using internal::DirectSession;
using internal::Event;
using internal::Subscriber;

/// The loop that serves them.
using internal::Loop;
using internal::platformLoop;

using core::dispatch;
using core::IdTable;

/// The slot of a payload, still owned by the message; 0 if it has none.
[[nodiscard]] inline std::uint32_t slotOf(const Message& message) noexcept {
  return internal::MessageAccess::slot(message);
}

/// A message that takes ownership of `slot`.
[[nodiscard]] inline Message messageOfSlot(MessageKind kind, std::uint32_t slot) noexcept {
  return internal::MessageAccess::ofSlot(kind, slot, 0);
}

/// Returns the text of `slot`, and releases the slot.
[[nodiscard]] inline std::string textOfSlot(std::uint32_t slot) {
  return std::string(messageOfSlot(MessageKind::Text, slot).text());
}

/// The message under `body`; null if there is no body.
[[nodiscard]] inline const Message* messageOf(const Body& body) noexcept {
  return internal::MessageAccess::messageOf(body);
}

/// Sends the payload of `slot` as `Client::send` does, and takes ownership of the slot, whatever the result.
/// `sizeBytes` is its size. `waited`: for a message that the binding accepted before there was a client; if the client
/// does not accept it, it is dropped and reported (`DropReason::Refused`, `Expired`).
///
/// Requires: text is well-formed UTF-8; the platform's `PayloadStore` takes slots, else a call does not compile.
template <class Payloads = internal::PayloadStore>
[[nodiscard]] SendResult sendSlot(DirectClient& client, MessageKind kind, std::uint32_t slot, std::size_t sizeBytes,
                                  const SendOptions& options = {},
                                  std::optional<std::chrono::milliseconds> waited = {}) {
  return client.sendStored(sizeBytes, options, waited, Payloads::ofSlot(kind, slot, sizeBytes));
}

}  // namespace tidewire::binding
