#pragma once

#include <openssl/rand.h>

#include <array>
#include <cstdint>
#include <cstdlib>

namespace tidewire::native {

/// Masking keys from the system's strong source (RFC 6455 section 10.3), drawn a page at a time.
class MaskKeys {
 public:
  [[nodiscard]] std::uint32_t next() noexcept {
    if (used_ == keys_.size()) {
      refill();
    }
    return keys_[used_++];
  }

 private:
  void refill() noexcept {
    // Without randomness no frame may leave; OpenSSL fails here only if the system is broken.
    if (RAND_bytes(reinterpret_cast<unsigned char*>(keys_.data()), sizeof keys_) != 1) {
      std::abort();
    }
    used_ = 0;
  }

  std::array<std::uint32_t, 1024> keys_{};
  std::size_t used_ = keys_.size();
};

}  // namespace tidewire::native
