#pragma once

#include <memory>
#include <utility>

#include "client_shared.hpp"
#include "loop.hpp"
#include "tidewire/client.hpp"

namespace tidewire::internal {

/// What bindings and tests may do beyond the public interface.
struct ClientAccess {
  /// A client on a loop other than the platform's.
  static Client make(Options options, std::shared_ptr<Loop> loop) {
    return Client(std::make_shared<ClientShared>(std::move(options), std::move(loop)));
  }

  /// Sends a payload that the platform has stored already; otherwise as `Client::send`. Text is well-formed UTF-8.
  [[nodiscard]] static SendResult send(Client& client, core::Outgoing message) {
    return client.shared_->send(std::move(message));
  }
};

}  // namespace tidewire::internal
