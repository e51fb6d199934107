#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "lws.hpp"
#include "rfc6455/byte_buffer.hpp"
#include "tls.hpp"

namespace tidewire::native {

/// The sending side of a TCP connection, with TLS over it or without.
///
/// libwebsockets says when the socket takes more; written to is the socket itself. What libwebsockets had to buffer it
/// would copy, and it would not read before all of that has left: two peers that flood each other would stand still.
class Wire {
 public:
  Wire() = default;
  Wire(Wire&& other) noexcept
      : wsi_(std::exchange(other.wsi_, nullptr)),
        tls_(std::move(other.tls_)),
        sent_(other.sent_),
        full_(other.full_),
        broken_(other.broken_) {}
  Wire& operator=(Wire&&) = delete;

  /// TCP stands.
  void attach(lws* wsi) { wsi_ = wsi; }
  void secure(std::unique_ptr<Tls> tls) { tls_ = std::move(tls); }
  [[nodiscard]] lws* wsi() const noexcept { return wsi_; }
  [[nodiscard]] Tls* tls() const noexcept { return tls_.get(); }
  /// Returns the connection, which is the caller's to end.
  lws* release() noexcept { return std::exchange(wsi_, nullptr); }

  /// Sends what the system takes from the front of `bytes`. Returns how many bytes that are, or are encrypted.
  [[nodiscard]] std::size_t write(std::span<const std::byte> bytes);
  /// Sends what TLS has to say.
  void flush();
  /// The system took less than it was given; `awaitWritable` tells when it takes more.
  [[nodiscard]] bool blocked() const noexcept { return full_ || broken_; }
  /// The peer cannot be reached. Reading shows what still came, and then the end.
  [[nodiscard]] bool broken() const noexcept { return broken_; }
  /// The peer has reset the connection. False where the system does not say.
  [[nodiscard]] bool wasReset() const;
  /// The socket may take more.
  void writable() noexcept { full_ = false; }
  void awaitWritable() const;
  /// Nothing follows: tells TLS's peer, and ends this direction of TCP.
  void finish();

 private:
  std::size_t toSocket(std::span<const std::byte> bytes);

  lws* wsi_ = nullptr;
  std::unique_ptr<Tls> tls_;
  std::size_t sent_ = 0;  // Of what TLS has put out.
  bool full_ = false;
  bool broken_ = false;
};

}  // namespace tidewire::native
