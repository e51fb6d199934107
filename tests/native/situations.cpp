// Programs in situations that a test cannot bring about in its own process. `situations NAME` runs one; it prints what
// is wrong, and its exit code is 1 if anything is.

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include "support/ticker_server.hpp"
#include "tidewire/tidewire.hpp"

namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 30s;

int failures = 0;

void check(bool holds, const char* what) {
  if (!holds) {
    ++failures;
    std::printf("wrong: %s\n", what);
  }
}

// Signals.

/// SIGSEGV in a callback reaches the application's handler, as a crash reporter has it.
void faultInCallback() {
  support::TickerServer server;
  struct sigaction action {};
  action.sa_handler = [](int) { _exit(EXIT_SUCCESS); };
  sigaction(SIGSEGV, &action, nullptr);
  tidewire::Client client({.url = server.url("/echo")});
  auto* const forbidden = static_cast<volatile char*>(mmap(nullptr, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  client.onOpen([forbidden](const tidewire::Opened&) { *forbidden = 1; });
  client.connect();
  (void)client.waitOpen(kPatience);
  check(false, "the handler ran");
}

/// On the thread of the callbacks signals that an instruction raises are open, and all others blocked.
void maskOfCallbacks() {
  support::TickerServer server;
  sigset_t mask;
  sigemptyset(&mask);
  tidewire::Client client({.url = server.url("/echo")});
  client.onOpen([&mask](const tidewire::Opened&) { pthread_sigmask(SIG_SETMASK, nullptr, &mask); });
  client.connect();
  check(client.waitOpen(kPatience) == tidewire::WaitResult::Reached, "the client opens");
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT}) {
    check(sigismember(&mask, fault) == 0, strsignal(fault));
  }
  for (const int other : {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGUSR1, SIGPIPE, SIGALRM, SIGRTMIN}) {
    check(sigismember(&mask, other) == 1, strsignal(other));
  }
}

const std::map<std::string, void (*)()> kSituations{
    {"fault-in-callback", &faultInCallback},
    {"mask-of-callbacks", &maskOfCallbacks},
};

}  // namespace

int main(int argc, char** argv) {
  const auto situation = kSituations.find(argc > 1 ? argv[1] : "");
  if (situation == kSituations.end()) {
    std::puts("no such situation");
    return EXIT_FAILURE;
  }
  situation->second();
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
