#include "trust.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cerrno>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

#include "core/one_line.hpp"
#include "os/trust_store.hpp"

namespace tidewire::native {
namespace {

/// Certificates as PEM: of a file, and of memory.
using Certificates = std::pair<std::string, std::string>;

struct Contexts {
  std::mutex mutex;
  std::map<Certificates, std::weak_ptr<SSL_CTX>> known;
  std::shared_ptr<SSL_CTX> systems;  // Stays: most clients use it, and reading the system's store takes time.
};

/// Never destroyed: a client may outlive `main`.
Contexts& contexts() {
  static Contexts* const instance = new Contexts;
  return *instance;
}

/// Returns whether there was a certificate in `pem`.
bool addCertificates(X509_STORE* store, const std::string& pem) {
  BIO* const source = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  int count = 0;
  while (X509* const certificate = PEM_read_bio_X509(source, nullptr, nullptr, nullptr)) {
    count += X509_STORE_add_cert(store, certificate);
    X509_free(certificate);
  }
  ERR_clear_error();  // The end of the text counts as an error.
  BIO_free(source);
  return count > 0;
}

/// What the system trusts, sharing what `systems` has read already.
X509_STORE* copyOf(X509_STORE* systems) {
  X509_STORE* const store = X509_STORE_new();
  X509_STORE_lock(systems);
  const STACK_OF(X509_OBJECT)* const objects = X509_STORE_get0_objects(systems);
  for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
    if (X509* const certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i))) {
      X509_STORE_add_cert(store, certificate);
    }
  }
  X509_STORE_unlock(systems);
  addSystemFolder(store);
  return store;
}

/// Takes `store`.
SSL_CTX* makeContext(X509_STORE* store) {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  // An idle connection keeps no buffers.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_store(context, store);
  return context;
}

const std::shared_ptr<SSL_CTX>& systemsContext(Contexts& all) {
  if (all.systems == nullptr) {
    X509_STORE* const store = X509_STORE_new();
    addSystemTrust(store);
    all.systems = {makeContext(store), SSL_CTX_free};
  }
  return all.systems;
}

void forget(const Certificates& key, SSL_CTX* context) {
  Contexts& all = contexts();
  {
    const std::lock_guard lock(all.mutex);
    // Another may have taken its place.
    const auto found = all.known.find(key);
    if (found != all.known.end() && found->second.expired()) {
      all.known.erase(found);
    }
  }
  SSL_CTX_free(context);
}

struct Content {
  std::string bytes = {};
  std::string fault = {};
};

Content contentOf(const std::string& file) {
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream content;
  content << stream.rdbuf();
  if (stream.good()) {
    return {.bytes = content.str()};
  }
  return {.fault = "tls.caFile " + core::inQuotes(file) +
                   " cannot be read: " + (errno == 0 ? "it is empty" : std::generic_category().message(errno))};
}

}  // namespace

Trust trustFor(const TlsOptions& tls) {
  Contexts& all = contexts();
  const Content file = tls.caFile.empty() ? Content() : contentOf(tls.caFile);
  if (!file.fault.empty()) {
    return {.fault = file.fault};
  }
  const std::lock_guard lock(all.mutex);
  const std::shared_ptr<SSL_CTX>& systems = systemsContext(all);
  if (tls.caFile.empty() && tls.caPem.empty()) {
    return {.context = systems};
  }
  const Certificates key(file.bytes, tls.caPem);
  std::weak_ptr<SSL_CTX>& known = all.known[key];
  if (std::shared_ptr<SSL_CTX> context = known.lock()) {
    return {.context = std::move(context)};
  }
  X509_STORE* const store = copyOf(SSL_CTX_get_cert_store(systems.get()));
  std::string fault;
  if (!tls.caFile.empty() && !addCertificates(store, file.bytes)) {
    fault = "tls.caFile " + core::inQuotes(tls.caFile) + " holds no certificate (PEM)";
  } else if (!tls.caPem.empty() && !addCertificates(store, tls.caPem)) {
    fault = "tls.caPem holds no certificate (PEM)";
  }
  if (!fault.empty()) {
    X509_STORE_free(store);
    all.known.erase(key);
    return {.fault = std::move(fault)};
  }
  std::shared_ptr<SSL_CTX> context(makeContext(store), [key](SSL_CTX* gone) { forget(key, gone); });
  known = context;
  return {.context = std::move(context)};
}

std::size_t trustCount() {
  Contexts& all = contexts();
  const std::lock_guard lock(all.mutex);
  return all.known.size() + (all.systems == nullptr ? 0 : 1);
}

}  // namespace tidewire::native
