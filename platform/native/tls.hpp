#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "core/url.hpp"
#include "rfc6455/byte_buffer.hpp"

namespace tidewire::native {

/// The name that the certificate must have, and the SNI of the ClientHello unless it is an address (RFC 6066 section
/// 3).
struct TlsName {
  std::string text;
  bool isAddress = false;
};

/// The TLS name of a URL's host: without a final dot, which certificates and SNI do not have; an address in OpenSSL's
/// form.
[[nodiscard]] TlsName tlsNameOf(const core::Url& url);

/// The client side of one TLS connection, without I/O: encrypted bytes on one side, plain bytes on the other.
class Tls {
 public:
  /// Null if OpenSSL fails: a lack of memory, or a name that it rejects.
  [[nodiscard]] static std::unique_ptr<Tls> make(std::shared_ptr<SSL_CTX> trust, const TlsName& name);
  ~Tls();
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;

  enum class State {
    Shaking,  ///< Needs more bytes for its handshake.
    Ready,
    Ended,   ///< The peer has closed TLS properly.
    Failed,  ///< `failure()` says why.
  };
  [[nodiscard]] State state() const noexcept { return state_; }

  /// Continues the handshake with `received`. It is a view: call `read` until it is consumed, while it is valid.
  void feed(std::span<const std::byte> received);

  /// Decrypts fed bytes into `into`. Returns the number of bytes written; fewer than its size once everything is read,
  /// or once the state is no longer `Ready`.
  [[nodiscard]] std::size_t read(std::span<std::byte> into);

  /// Encrypts bytes from the front of `plain` into `out`. Returns how many bytes; 0 unless `Ready`.
  [[nodiscard]] std::size_t write(std::span<const std::byte> plain);

  /// Sends the closing alert (close_notify).
  void close();

  /// Encrypted bytes to send.
  [[nodiscard]] ByteBuffer& out() noexcept { return out_; }

  /// For people: the alert or the verification error by name, and what it means.
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
  /// Whether it failed because the certificate is not trusted, or is for another name.
  [[nodiscard]] bool isUntrusted() const noexcept { return untrusted_; }

 private:
  explicit Tls(std::shared_ptr<SSL_CTX> trust) : trust_(std::move(trust)) {}

  bool setUp(const TlsName& name);
  void shake();
  void judge(int result);
  void fail();
  [[nodiscard]] std::string untrustedText(long verified) const;
  struct Bio;  // OpenSSL's I/O callbacks.

  const std::shared_ptr<SSL_CTX> trust_;
  SSL* ssl_ = nullptr;
  State state_ = State::Shaking;
  std::span<const std::byte> in_ = {};
  ByteBuffer out_;
  std::string name_;
  std::string failure_;
  bool untrusted_ = false;
};

}  // namespace tidewire::native
