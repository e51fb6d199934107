#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <memory>
#include <string>

#include "tidewire/options.hpp"

namespace tidewire::native {

/// What a client with these options trusts: the system's store, and every certificate of `caFile` and `caPem`.
///
/// Shared by all clients with the same certificates, and freed with the last user but for the system's own, which is
/// read once and stays. `caFile` is read each time, so a file that was replaced counts from the next attempt on. Any
/// thread.
///
/// Returns: no context if `caFile` cannot be read, or if it or `caPem` holds no certificate; `fault` says which.
struct Trust {
  std::shared_ptr<SSL_CTX> context = {};
  std::string fault = {};
};
[[nodiscard]] Trust trustFor(const TlsOptions& tls);

/// How many contexts there are now. For tests.
[[nodiscard]] std::size_t trustCount();

}  // namespace tidewire::native
