#pragma once

#include <openssl/types.h>

#include "tidewire/options.hpp"

namespace tidewire::native {

/// What a client with these options trusts; null if a certificate that they name cannot be read. libwebsockets itself
/// would take one certificate of a file, and it instead of the system's.
///
/// Returns: the caller's to free.
[[nodiscard]] SSL_CTX* loadTrust(const TlsOptions& tls);

}  // namespace tidewire::native
