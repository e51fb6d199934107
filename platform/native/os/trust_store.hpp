#pragma once

#include <openssl/types.h>

namespace tidewire::native {

/// Has `store` trust what the system trusts.
void addSystemTrust(X509_STORE* store);

/// Has `store` trust the certificates of the system's folder, which is not read as a whole: each is read when another
/// certificate names it.
void addSystemFolder(X509_STORE* store);

}  // namespace tidewire::native
