#pragma once

#include <memory>
#include <utility>

#include "client_shared.hpp"
#include "platform/loop.hpp"
#include "tidewire/client.hpp"

namespace tidewire::internal {

/// Access to a client beyond its public interface, for tests.
struct ClientAccess {
  /// Makes a client on `loop` instead of the platform's.
  static Client make(Options options, std::shared_ptr<Loop> loop) {
    return Client(std::make_shared<ClientShared>(std::move(options), std::move(loop)));
  }
};

}  // namespace tidewire::internal
