#pragma once

#include <openssl/types.h>

namespace tidewire::native {

/// Adds the system's trusted certificates to `store`.
void addSystemTrust(X509_STORE* store);

/// Adds the certificates of the system's folder to `store`. OpenSSL reads each one only when another certificate names
/// it.
void addSystemFolder(X509_STORE* store);

}  // namespace tidewire::native
