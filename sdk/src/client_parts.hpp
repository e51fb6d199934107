#pragma once

#include "counters.hpp"
#include "journal.hpp"
#include "mailbox.hpp"
#include "outlet.hpp"
#include "platform/loop.hpp"
#include "tidewire/options.hpp"

namespace tidewire::internal {

/// The parts of a client with which its half on the loop thread works. They outlive it.
struct ClientParts {
  const Options& options;
  Loop& loop;
  Mailbox& mailbox;
  Outlet& outlet;
  Counters& counters;
  Journal& journal;
};

}  // namespace tidewire::internal
