// What a program of somebody else's looks like: it asks for a server that is not there, once, and says what came of it.

#include <iostream>
#include <semaphore>
#include <tidewire/tidewire.hpp>

namespace {

std::binary_semaphore closed{0};

}  // namespace

int main() {
  static tidewire::Client client({.url = "ws://127.0.0.1:1/", .reconnect = {.enabled = false}});
  client.onClose([](const tidewire::CloseInfo& info) {
    std::cout << tidewire::nameOf(info.cause) << ": " << info.detail << std::endl;
    closed.release();
  });
  if (client.connect() != tidewire::ConnectResult::Started) {
    return 1;
  }
#ifndef __EMSCRIPTEN__
  closed.acquire();  // In a page main returns, and callbacks run from the event loop.
#endif
}
