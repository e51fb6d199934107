#include "os/randomness.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/random.h>

#include <cerrno>
#include <mutex>

namespace tidewire::native {

namespace {

/// Whether OpenSSL may be called: it cleans up at the end of the program, and must not be in use then.
struct Generator {
  std::mutex mutex;
  bool usable = false;

  /// Never destroyed: it is used after `main`.
  static Generator& instance() {
    static Generator* const instance = new Generator;
    return *instance;
  }

  void setUsable(bool value) {
    const std::lock_guard lock(mutex);
    usable = value;
  }
};

}  // namespace

bool drawRandom(std::span<std::byte> bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t drawn = getrandom(bytes.data(), bytes.size(), 0);
    if (drawn > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(drawn));
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

void prepareManyRandom() {
  if (OPENSSL_atexit([] { Generator::instance().setUsable(false); }) == 1) {
    Generator::instance().setUsable(true);
  }
}

bool drawManyRandom(std::span<std::byte> bytes) noexcept {
  Generator& generator = Generator::instance();
  {
    const std::lock_guard lock(generator.mutex);
    if (generator.usable &&
        RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) == 1) {
      return true;
    }
  }
  return drawRandom(bytes);
}

}  // namespace tidewire::native
