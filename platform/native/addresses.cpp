#include "addresses.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace tidewire::native {
namespace {

struct LookUp {
  std::string host;
  std::function<void(Addresses)> done;
};

/// Never destroyed: a look-up may still be running when the program ends, and its thread must find its queue.
struct LookUpThreads {
  static constexpr int kMost = 4;

  std::mutex mutex;
  std::deque<LookUp> waiting;
  int running = 0;
};

LookUpThreads& threads() {
  static LookUpThreads* const instance = new LookUpThreads;
  return *instance;
}

std::vector<std::string> inTurn(const std::vector<std::string>& sorted, const std::vector<int>& families) {
  std::vector<std::string> first;
  std::vector<std::string> second;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    (families[i] == families[0] ? first : second).push_back(sorted[i]);
  }
  std::vector<std::string> mixed;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) {
      mixed.push_back(std::move(first[i]));
    }
    if (i < second.size()) {
      mixed.push_back(std::move(second[i]));
    }
  }
  return mixed;
}

Addresses resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) {
    return {.error = host + ": " + gai_strerror(error)};
  }
  std::vector<std::string> sorted;
  std::vector<int> families;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0) {
      sorted.emplace_back(text);
      families.push_back(each->ai_family);
    }
  }
  freeaddrinfo(found);
  if (sorted.empty()) {
    return {.error = host + ": no address"};
  }
  return {.numeric = inTurn(sorted, families)};
}

void work() {
  LookUpThreads& shared = threads();
  std::unique_lock lock(shared.mutex);
  while (!shared.waiting.empty()) {
    const LookUp next = std::move(shared.waiting.front());
    shared.waiting.pop_front();
    lock.unlock();
    next.done(resolve(next.host));
    lock.lock();
  }
  --shared.running;
}

/// The application's signal handlers run on the application's threads.
void startThread() {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread(work).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

void lookUp(std::string host, std::function<void(Addresses)> done) {
  LookUpThreads& shared = threads();
  const std::lock_guard lock(shared.mutex);
  shared.waiting.push_back({std::move(host), std::move(done)});
  if (shared.running < LookUpThreads::kMost) {
    ++shared.running;
    startThread();
  }
}

bool isNumeric(const std::string& host) {
  unsigned char parsed[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), parsed) == 1 || inet_pton(AF_INET6, host.c_str(), parsed) == 1;
}

}  // namespace tidewire::native
