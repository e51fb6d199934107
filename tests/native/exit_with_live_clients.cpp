// Ends while clients are open, connecting and waiting, some of static storage, with messages in flight and callbacks
// running: nothing may crash, hang or leak.

#include <array>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/ticker_server.hpp"
#include "tidewire/client.hpp"

namespace {

using namespace std::chrono_literals;

std::unique_ptr<tidewire::Client> staticClient;
std::atomic<int> echoes = 0;

std::unique_ptr<tidewire::Client> echoing(const std::string& url) {
  auto client = std::make_unique<tidewire::Client>(tidewire::Options{.url = url});
  client->onMessage([raw = client.get()](const tidewire::Message& message) {
    ++echoes;
    (void)raw->send(message.text());
  });
  client->connect();
  (void)client->send("round and round");
  return client;
}

}  // namespace

int main() {
  support::TickerServer server;
  staticClient = echoing(server.url("/echo"));
  // Held by nobody but a pointer that is never freed, as applications do.
  static auto* const forgotten = new std::vector<std::unique_ptr<tidewire::Client>>;
  for (int i = 0; i < 20; ++i) {
    forgotten->push_back(echoing(server.url("/echo")));
  }
  forgotten->push_back(echoing("ws://127.0.0.1:1/"));
  while (echoes < 1000) {
    std::this_thread::yield();
  }
  std::exit(0);  // Unlike `return`, with the server still there.
}
