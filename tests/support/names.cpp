#include "support/names.hpp"

#include <dlfcn.h>
#include <netdb.h>

#include <condition_variable>
#include <csignal>
#include <map>
#include <mutex>
#include <string_view>

namespace support {
namespace {

struct Script {
  std::mutex mutex;
  std::condition_variable changed;
  struct Entry {
    std::string address = {};
    bool hangs = false;
    std::size_t asked = 0;
    std::size_t hanging = 0;
  };
  std::map<std::string, Entry> entries;
  sigset_t mask{};  // Of the last one's thread.
  std::size_t hanging = 0;
  std::size_t inside = 0;
};

/// Never destroyed: a look-up may outlive `main`.
Script& script() {
  static Script* const instance = new Script;
  return *instance;
}

/// What the name stands for; empty if it does not exist.
std::string addressOf(const std::string& name) {
  Script& shared = script();
  std::unique_lock lock(shared.mutex);
  ++shared.inside;
  Script::Entry& entry = shared.entries[name];
  ++entry.asked;
  pthread_sigmask(SIG_SETMASK, nullptr, &shared.mask);
  ++shared.hanging;
  ++entry.hanging;
  shared.changed.wait(lock, [&entry] { return !entry.hangs; });
  --entry.hanging;
  --shared.hanging;
  --shared.inside;
  shared.changed.notify_all();
  return entry.address;
}

}  // namespace

Names::Names() = default;

Names::~Names() {
  release();
  Script& shared = script();
  std::unique_lock lock(shared.mutex);
  shared.changed.wait(lock, [&shared] { return shared.inside == 0; });
  shared.entries.clear();
}

void Names::answer(const std::string& name, const std::string& address) {
  const std::lock_guard lock(script().mutex);
  Script::Entry& entry = script().entries[name];
  entry.address = address;
  entry.hangs = false;
  script().changed.notify_all();
}

void Names::hang(const std::string& name) {
  const std::lock_guard lock(script().mutex);
  script().entries[name].hangs = true;
}

void Names::release() {
  const std::lock_guard lock(script().mutex);
  for (auto& [name, entry] : script().entries) {
    entry.hangs = false;
  }
  script().changed.notify_all();
}

std::size_t Names::asked(const std::string& name) const {
  const std::lock_guard lock(script().mutex);
  return script().entries[name].asked;
}

bool Names::blocked(int signal) const {
  const std::lock_guard lock(script().mutex);
  return sigismember(&script().mask, signal) == 1;
}

std::size_t Names::hanging() const {
  const std::lock_guard lock(script().mutex);
  return script().hanging;
}

std::size_t Names::hanging(const std::string& name) const {
  const std::lock_guard lock(script().mutex);
  return script().entries[name].hanging;
}

}  // namespace support

/// Takes the place of the system's.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** found) {
  static const auto system = reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  if (name == nullptr || !std::string_view(name).ends_with(".scripted")) {
    return system(name, service, hints, found);
  }
  const std::string address = support::addressOf(name);
  return address.empty() ? EAI_NONAME : system(address.c_str(), service, hints, found);
}
