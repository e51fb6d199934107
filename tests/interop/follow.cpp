// Follows one price of a server that speaks "tidewire.v1", event by event, and prints a line for each thing that it is
// told. The line `cut` on its standard input has it connect again. It ends with its input.

#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <tidewire/session.hpp>

namespace {

using namespace std::chrono_literals;

void say(std::string_view what) {
  std::cout << std::string(what).append("\n") << std::flush;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: interop_follow URL\n");
    return 2;
  }
  tidewire::Session session({.url = argv[1], .reconnect = {.firstDelay = 50ms, .maxDelay = 200ms}});
  const tidewire::Subscription price =
      session.subscribe("ticker/AAPL", {.replay = 1},
                        {.onEvent = [](const tidewire::Event& event) { say("event " + std::to_string(event.seq)); },
                         .onGap = [](const tidewire::Gap& gap) { say(gap.hasRange ? "gap" : "another epoch"); }});
  session.connect();

  std::string line;
  while (std::getline(std::cin, line)) {
    if (line == "cut") {
      session.reconnect();
    }
  }
}
