#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "client_access.hpp"
#include "message_access.hpp"
#include "platform/payload_store.hpp"
#include "tidewire/client.hpp"
#include "tidewire/message.hpp"
#include "tidewire/session_events.hpp"

/// What bindings to other languages may do beyond the public headers: the only file of sdk/src that they include.
///
/// Payloads cross as slots of the platform's table (platform/slots.hpp), so that they are not copied into C++ and out
/// again. Every function here keeps the threads and promises of the public function that it stands for.
namespace tidewire::binding {

/// The slot of a payload, which stays the message's; 0 if it has none.
[[nodiscard]] inline std::uint32_t slotOf(const Message& message) noexcept {
  return internal::MessageAccess::slot(message);
}

/// A message over the payload of `slot`, which it owns from then on.
[[nodiscard]] inline Message messageOfSlot(MessageKind kind, std::uint32_t slot) noexcept {
  return internal::MessageAccess::ofSlot(kind, slot, 0);
}

/// The text of `slot`, which is released.
[[nodiscard]] inline std::string textOfSlot(std::uint32_t slot) {
  return std::string(messageOfSlot(MessageKind::Text, slot).text());
}

/// The message that a body is a view of; null if there is no body.
[[nodiscard]] inline const Message* messageOf(const Body& body) noexcept {
  return internal::MessageAccess::messageOf(body);
}

/// Sends the payload of `slot` as `Client::send` does, and owns it from then on, whatever is returned. `sizeBytes` is
/// its size. `waited`: for a message that the binding accepted before there was a client; what the client does not
/// accept of these is dropped and reported (`DropReason::Refused`, `Expired`).
///
/// Requires: text is well-formed UTF-8. A platform whose `PayloadStore` takes slots; others do not compile a call of
/// it.
template <class Payloads = internal::PayloadStore>
[[nodiscard]] SendResult sendSlot(Client& client, MessageKind kind, std::uint32_t slot, std::size_t sizeBytes,
                                  const SendOptions& options = {},
                                  std::optional<std::chrono::milliseconds> waited = {}) {
  return internal::ClientAccess::send(client, sizeBytes, Payloads::ofSlot(kind, slot, sizeBytes), options, waited);
}

}  // namespace tidewire::binding
