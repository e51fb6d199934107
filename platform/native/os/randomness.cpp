#include "os/randomness.hpp"

#include <sys/random.h>

#include <cerrno>

namespace tidewire::native {

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

}  // namespace tidewire::native
