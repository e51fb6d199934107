#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "core/url.hpp"
#include "rfc6455/byte_buffer.hpp"

namespace tidewire::native {

/// The peer as TLS knows it: what the certificate must name, and what the hello asks for (SNI) unless it is an address
/// (RFC 6066 section 3).
struct TlsName {
  std::string text;
  bool isAddress = false;
};

/// Of the URL's host: without a final dot, which certificates and SNI do not have; an address as OpenSSL reads it.
[[nodiscard]] TlsName tlsNameOf(const core::Url& url);

/// The client's end of one TLS connection, without I/O: bytes of the connection in and out, plain bytes the other way.
class Tls {
 public:
  /// Null if OpenSSL cannot, which is a lack of memory or a name that it does not take.
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

  /// Goes on with the handshake by `received`, which is viewed and has to be read to its end with `read` while it
  /// lasts.
  void feed(std::span<const std::byte> received);

  /// Decrypts what was fed into `into`. Returns how many bytes it filled; fewer than `into` has room for once
  /// everything is read, or once the state is no longer `Ready`.
  [[nodiscard]] std::size_t read(std::span<std::byte> into);

  /// Encrypts some of the front of `plain` into `out`. Returns how many bytes; 0 unless `Ready`.
  [[nodiscard]] std::size_t write(std::span<const std::byte> plain);

  /// Tells the peer that nothing follows.
  void close();

  /// What is to be sent to the peer.
  [[nodiscard]] ByteBuffer& out() noexcept { return out_; }

  /// For people: the alert or the verification error by name, and what it means.
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
  /// It failed because the certificate is not trusted, or names somebody else.
  [[nodiscard]] bool isUntrusted() const noexcept { return untrusted_; }

 private:
  explicit Tls(std::shared_ptr<SSL_CTX> trust) : trust_(std::move(trust)) {}

  bool setUp(const TlsName& name);
  void shake();
  void judge(int result);
  void fail();
  [[nodiscard]] std::string untrustedText(long verified) const;
  struct Bio;  // How OpenSSL reads and writes.

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
