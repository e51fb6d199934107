#include "os/trust_store.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

namespace tidewire::native {

void addSystemTrust(X509_STORE* store) {
  X509_STORE_set_default_paths(store);
  ERR_clear_error();
}

void addSystemFolder(X509_STORE* store) {
  X509_LOOKUP_add_dir(X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir()), nullptr, X509_FILETYPE_DEFAULT);
}

}  // namespace tidewire::native
