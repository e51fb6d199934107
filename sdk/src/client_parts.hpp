#pragma once

#include "journal.hpp"
#include "mailbox.hpp"
#include "outlet.hpp"
#include "platform/loop.hpp"
#include "tidewire/endpoint.hpp"
#include "tidewire/options.hpp"

namespace tidewire::internal {

/// The parts of a client with which its half on the loop thread works. They outlive it.
struct ClientParts {
  const Options& options;
  const Endpoint& configured;
  Loop& loop;
  Mailbox& mailbox;
  Outlet& outlet;
  Journal& journal;
};

}  // namespace tidewire::internal
