#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "client_shared.hpp"
#include "platform/loop.hpp"
#include "tidewire/client.hpp"

namespace tidewire::internal {

/// Access to a client beyond its public interface, for tests and binding_support.hpp.
struct ClientAccess {
  /// Makes a client on `loop` instead of the platform's.
  static Client make(Options options, std::shared_ptr<Loop> loop) {
    return Client(std::make_shared<ClientShared>(std::move(options), std::move(loop)));
  }

  /// Sends a payload that the platform has already stored; otherwise like `Client::send`. Requires: text is well-formed
  /// UTF-8.
  template <class Stored>
  [[nodiscard]] static SendResult send(Client& client, std::size_t sizeBytes, Stored message,
                                       const SendOptions& options = {}, std::optional<core::Duration> waited = {}) {
    return client.shared_->sendStored(sizeBytes, options, waited, std::move(message));
  }
};

}  // namespace tidewire::internal
