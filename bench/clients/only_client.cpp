// The smallest program with a client: how long it takes to compile is measured.

#ifndef BENCH_EMPTY
#include <tidewire/client.hpp>
#endif

int main(int argc, char** argv) {
#ifndef BENCH_EMPTY
  tidewire::Client client({.url = argv[argc - 1]});
  client.onMessage([](const tidewire::Message&) {});
  client.connect();
#else
  return argv[argc - 1][0];
#endif
}
