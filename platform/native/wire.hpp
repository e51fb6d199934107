#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "lws.hpp"
#include "rfc6455/byte_buffer.hpp"
#include "tls.hpp"

namespace tidewire::native {

/// The sending side of a TCP connection, with or without TLS.
///
/// libwebsockets reports when the socket is writable; bytes are written to the socket directly. libwebsockets would
/// copy bytes that it has to buffer, and would not read before all of them are written: two peers that flood each other
/// would deadlock.
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

  /// TCP is established.
  void attach(lws* wsi) { wsi_ = wsi; }
  void secure(std::unique_ptr<Tls> tls) { tls_ = std::move(tls); }
  [[nodiscard]] lws* wsi() const noexcept { return wsi_; }
  [[nodiscard]] Tls* tls() const noexcept { return tls_.get(); }
  /// Releases the connection to the caller, which has to end it.
  lws* release() noexcept { return std::exchange(wsi_, nullptr); }

  /// Sends as many bytes from the front of `bytes` as the system accepts. Returns how many were sent, or encrypted.
  [[nodiscard]] std::size_t write(std::span<const std::byte> bytes);
  /// Sends pending TLS records.
  void flush();
  /// The system accepted less than it was given; `awaitWritable` requests a notification.
  [[nodiscard]] bool blocked() const noexcept { return full_ || broken_; }
  /// The peer cannot be reached. Reading yields the received rest, and then the end.
  [[nodiscard]] bool broken() const noexcept { return broken_; }
  /// Whether the peer has reset the connection. False if the system does not report it.
  [[nodiscard]] bool wasReset() const;
  /// The socket may take more.
  void writable() noexcept { full_ = false; }
  void awaitWritable() const;
  /// Ends this direction: sends TLS's closing alert, and shuts down TCP's sending side.
  void finish();

 private:
  std::size_t toSocket(std::span<const std::byte> bytes);

  lws* wsi_ = nullptr;
  std::unique_ptr<Tls> tls_;
  std::size_t sent_ = 0;  // Bytes of TLS's output.
  bool full_ = false;
  bool broken_ = false;
};

}  // namespace tidewire::native
