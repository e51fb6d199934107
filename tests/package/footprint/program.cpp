// The smallest program with a client.

#ifndef WITHOUT_CLIENT
#include <tidewire/client.hpp>
#endif

int main(int argc, char** argv) {
#ifndef WITHOUT_CLIENT
  tidewire::Client client({.url = argv[argc - 1]});
  client.onMessage([](const tidewire::Message&) {});
  client.connect();
#else
  return argv[argc - 1][0];
#endif
}
