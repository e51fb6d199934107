#pragma once

#include <memory>
#include <utility>

#include "session_shared.hpp"
#include "tidewire/session.hpp"

namespace tidewire::internal {

/// Access to a session beyond its public interface, for tests.
struct SessionAccess {
  /// A session on a loop other than the platform's.
  static Session make(Options options, SessionOptions session, std::shared_ptr<Loop> loop) {
    return Session(std::make_shared<SessionShared>(std::move(options), std::move(session), std::move(loop)));
  }
};

}  // namespace tidewire::internal
