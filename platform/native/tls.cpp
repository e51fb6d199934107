#include "tls.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "core/one_line.hpp"
#include "os/host_names.hpp"

namespace tidewire::native {
namespace {

// RFC 8446 section 5.1.
constexpr std::size_t kRecordBytes = 16 * 1024;
// A chunk of this size is encrypted before it is sent: larger ones would only grow `out`.
constexpr std::size_t kChunkBytes = 4 * kRecordBytes;
// A record is longer than its content by a header, a type and a tag, or by what older versions and ciphers have.
constexpr std::size_t kMostOverheadBytes = 128;
constexpr int kAlertReasons = 1000;  // OpenSSL's reason for an alert is this much above the alert's number.
constexpr std::array<unsigned char, 9> kAlpn = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

std::string failureText(unsigned long error) {
  const int reason = ERR_GET_REASON(error);
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason >= kAlertReasons) {
    const int alert = reason - kAlertReasons;
    return std::string("the server ended TLS with the alert \"") + SSL_alert_desc_string_long(alert) + "\" (" +
           std::to_string(alert) + ")";
  }
  const char* const words = ERR_reason_error_string(error);
  const std::string text = std::string("TLS failed: ") + (words == nullptr ? "no reason is known" : words);
  const bool isOther = ERR_GET_LIB(error) == ERR_LIB_SSL && reason == SSL_R_WRONG_VERSION_NUMBER;
  return isOther ? text + "; perhaps the server speaks no TLS at this port" : text;
}

}  // namespace

TlsName tlsNameOf(const core::Url& url) {
  if (url.hostIsIpv6) {
    return {.text = url.host, .isAddress = true};
  }
  std::string name = url.host;
  if (name.ends_with('.')) {
    name.pop_back();
  }
  // Also "127.1", which is looked up as an address too.
  if (std::optional<std::string> address = ipv4AddressOf(name)) {
    return {.text = std::move(*address), .isAddress = true};
  }
  return {.text = std::move(name), .isAddress = false};
}

struct Tls::Bio {
  static BIO_METHOD* method() {
    static BIO_METHOD* const instance = [] {
      BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tidewire");
      BIO_meth_set_read(made, read);
      BIO_meth_set_write(made, write);
      BIO_meth_set_ctrl(made, control);
      return made;
    }();
    return instance;
  }

  static int read(BIO* bio, char* into, int size) {
    Tls& self = *static_cast<Tls*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (self.in_.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t count = std::min(self.in_.size(), static_cast<std::size_t>(size));
    std::memcpy(into, self.in_.data(), count);
    self.in_ = self.in_.subspan(count);
    return static_cast<int>(count);
  }

  static int write(BIO* bio, const char* from, int size) {
    Tls& self = *static_cast<Tls*>(BIO_get_data(bio));
    self.out_.append(std::as_bytes(std::span(from, static_cast<std::size_t>(size))));
    return size;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }
};

std::unique_ptr<Tls> Tls::make(std::shared_ptr<SSL_CTX> trust, const TlsName& name) {
  std::unique_ptr<Tls> made(new Tls(std::move(trust)));
  ERR_clear_error();
  if (!made->setUp(name)) {
    ERR_clear_error();
    return nullptr;
  }
  return made;
}

bool Tls::setUp(const TlsName& name) {
  name_ = name.text;
  ssl_ = SSL_new(trust_.get());
  BIO* const bio = BIO_new(Bio::method());
  if (ssl_ == nullptr || bio == nullptr) {
    BIO_free(bio);
    return false;
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_connect_state(ssl_);
  SSL_set_alpn_protos(ssl_, kAlpn.data(), static_cast<unsigned>(kAlpn.size()));
  if (name.isAddress) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), name.text.c_str()) == 1;
  }
  SSL_set_hostflags(ssl_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl_, name.text.c_str()) == 1 && SSL_set_tlsext_host_name(ssl_, name.text.c_str()) == 1;
}

Tls::~Tls() {
  SSL_free(ssl_);
}

void Tls::feed(std::span<const std::byte> received) {
  in_ = received;
  if (state_ == State::Shaking) {
    shake();
  }
}

void Tls::shake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) {
    state_ = State::Ready;
  } else {
    judge(result);
  }
}

std::size_t Tls::read(std::span<std::byte> into) {
  std::size_t filled = 0;
  while (state_ == State::Ready && filled < into.size()) {
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_, into.data() + filled, into.size() - filled, &count);
    if (result != 1) {
      judge(result);
      break;
    }
    filled += count;
  }
  return filled;
}

std::size_t Tls::write(std::span<const std::byte> plain) {
  if (state_ != State::Ready || plain.empty()) {
    return 0;
  }
  ERR_clear_error();
  std::size_t total = 0;
  // A rest of less than a record would cost a write of its own.
  const bool isLast = plain.size() < kChunkBytes + kRecordBytes;
  const std::span<const std::byte> chunk = isLast ? plain : plain.first(kChunkBytes);
  // At once: growing record by record copies the ones before.
  out_.reserve(out_.size() + chunk.size() + (chunk.size() / kRecordBytes + 1) * kMostOverheadBytes);
  while (total < chunk.size()) {
    std::size_t count = 0;
    const int result = SSL_write_ex(ssl_, chunk.data() + total, chunk.size() - total, &count);
    if (result != 1) {
      judge(result);
      break;
    }
    total += count;
  }
  return total;
}

void Tls::close() {
  if (state_ == State::Ready) {
    ERR_clear_error();
    SSL_shutdown(ssl_);
  }
}

void Tls::judge(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return;
    case SSL_ERROR_ZERO_RETURN:
      state_ = State::Ended;
      return;
    default:
      fail();
  }
}

std::string Tls::untrustedText(long verified) const {
  const std::string text =
      std::string("the server's certificate is not trusted: ") + X509_verify_cert_error_string(verified);
  const bool namesOther = verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH;
  return namesOther ? text + ", it is not for " + core::inQuotes(name_) : text;
}

void Tls::fail() {
  const long verified = SSL_get_verify_result(ssl_);
  untrusted_ = state_ == State::Shaking && verified != X509_V_OK;
  failure_ = untrusted_ ? untrustedText(verified) : failureText(ERR_peek_error());
  state_ = State::Failed;
  in_ = {};
  ERR_clear_error();
}

}  // namespace tidewire::native
