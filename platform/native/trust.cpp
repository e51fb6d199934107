#include "trust.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace tidewire::native {
namespace {

/// Takes `source`. Returns whether there was a certificate in it.
bool addCertificates(SSL_CTX* trust, BIO* source) {
  if (source == nullptr) {
    return false;
  }
  int count = 0;
  while (X509* const certificate = PEM_read_bio_X509(source, nullptr, nullptr, nullptr)) {
    count += X509_STORE_add_cert(SSL_CTX_get_cert_store(trust), certificate);
    X509_free(certificate);
  }
  ERR_clear_error();  // The end of the file counts as an error.
  BIO_free(source);
  return count > 0;
}

}  // namespace

SSL_CTX* loadTrust(const TlsOptions& tls) {
  SSL_CTX* const trust = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(trust, TLS1_2_VERSION);
  SSL_CTX_set_options(trust, SSL_OP_NO_COMPRESSION);
  // libwebsockets repeats a write from another place, and wants idle connections small.
  SSL_CTX_set_mode(trust, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_default_verify_paths(trust);
  const int pemBytes = static_cast<int>(tls.caPem.size());
  if ((tls.caFile.empty() || addCertificates(trust, BIO_new_file(tls.caFile.c_str(), "r"))) &&
      (tls.caPem.empty() || addCertificates(trust, BIO_new_mem_buf(tls.caPem.data(), pemBytes)))) {
    return trust;
  }
  SSL_CTX_free(trust);
  return nullptr;
}

}  // namespace tidewire::native
