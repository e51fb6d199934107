#pragma once

#include <ev.h>

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "lws.hpp"
#include "os/sockets.hpp"
#include "rfc6455/byte_buffer.hpp"
#include "tls.hpp"

namespace tidewire::native {

/// A TCP connection, with or without TLS.
///
/// libwebsockets holds the socket and reports when it is writable; bytes are read and written directly. libwebsockets
/// would copy bytes that it has to buffer, and would not read before all of them are written: two peers that flood each
/// other would deadlock. Its own watcher costs a second look at all sockets for each event, and its reads a copy.
class Wire {
 public:
  /// Called when bytes have arrived, or the stream has ended.
  using Readable = void (*)(void* owner);

  Wire(Readable readable, void* owner);
  /// Takes the connection of `other` over, with a reader of its own. Does not read yet.
  Wire(Wire&& other, Readable readable, void* owner);
  ~Wire() { stopReading(); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  /// TCP is established. Does not read yet.
  void attach(struct ev_loop* events, lws* wsi);
  void startReading();
  void stopReading();
  /// Receives what has arrived: into `first`, and what does not fit into `second`.
  [[nodiscard]] SocketReceived receive(std::span<std::byte> first, std::span<std::byte> second);

  void secure(std::unique_ptr<Tls> tls) { tls_ = std::move(tls); }
  [[nodiscard]] lws* wsi() const noexcept { return wsi_; }
  [[nodiscard]] Tls* tls() const noexcept { return tls_.get(); }
  /// Releases the connection to the caller, which has to end it.
  lws* release();

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

  struct ev_loop* events_ = nullptr;
  lws* wsi_ = nullptr;
  std::unique_ptr<Tls> tls_;
  const Readable readable_;
  void* const owner_;
  ev_io arrivals_{};
  std::size_t sent_ = 0;  // Bytes of TLS's output.
  bool full_ = false;
  bool broken_ = false;
};

}  // namespace tidewire::native
