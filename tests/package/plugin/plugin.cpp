// A plug-in that has Tidewire linked into it.

#include <chrono>
#include <tidewire/tidewire.hpp>

/// Connects once to a port where nothing listens. Returns 0 if the client then closed.
extern "C" int runPlugin() {
  tidewire::Client client({.url = "ws://127.0.0.1:1/", .reconnect = {.enabled = false}});
  if (client.connect() != tidewire::ConnectResult::Started) {
    return 1;
  }
  return client.waitClosed(std::chrono::seconds(30)) == tidewire::WaitResult::Reached ? 0 : 2;
}
