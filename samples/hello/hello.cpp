#include <iostream>
#include <tidewire/tidewire.hpp>

int main(int argc, char** argv) {
  tidewire::Client client({.url = argc > 1 ? argv[1] : "ws://127.0.0.1:8090/ticker"});

  client.onOpen([](const tidewire::Opened&) { std::cout << "open" << std::endl; });
  client.onMessage([](const tidewire::Message& message) { std::cout << message.text() << std::endl; });
  client.onClose([](const tidewire::CloseInfo& info) { std::cout << "closed: " << info.detail << std::endl; });

  client.connect();
  std::cin.get();  // Callbacks run on Tidewire's own thread until Enter is pressed; a lost connection comes back.
}
