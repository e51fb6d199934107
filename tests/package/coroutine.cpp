// Somebody else's program that waits for its connection in a coroutine.

#include <tidewire/coroutine.hpp>

int main() {
  tidewire::AwaitableClient client(tidewire::Options{.url = "ws://127.0.0.1:1/"});
  return client.client().connect() == tidewire::ConnectResult::Started ? 0 : 1;
}
