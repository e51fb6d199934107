#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <memory>
#include <string>

#include "tidewire/options.hpp"

namespace tidewire::native {

/// The trusted certificates of a client: the system's store, and every certificate of `caFile` and `caPem`.
///
/// Shared by all clients with the same certificates, and freed with the last user; only the system's store is read once
/// and kept. `caFile` is read each time, so a replaced file is used from the next attempt on. Any thread.
///
/// Returns: no context if `caFile` cannot be read, or if it or `caPem` holds no certificate; `fault` says which.
struct Trust {
  std::shared_ptr<SSL_CTX> context = {};
  std::string fault = {};
};
[[nodiscard]] Trust trustFor(const TlsOptions& tls);

/// Number of contexts now. For tests.
[[nodiscard]] std::size_t trustCount();

}  // namespace tidewire::native
