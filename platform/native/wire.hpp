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

/// The loop that waits for sockets. Loop thread.
class SocketLoop {
 public:
  [[nodiscard]] virtual struct ev_loop* events() const = 0;
  /// Gives a socket to libwebsockets, which reports to `owner`. Returns null, with the socket closed, if it does not
  /// take it.
  [[nodiscard]] virtual lws* adopt(Socket socket, WsiOwner& owner) = 0;
  /// Ends a connection that libwebsockets holds. No call reaches its owner afterwards.
  virtual void cut(lws* wsi) = 0;

 protected:
  ~SocketLoop() = default;
};

/// A TCP connection, with or without TLS.
///
/// Bytes are read and written directly. libwebsockets would copy bytes that it has to buffer, and would not read before
/// all of them are written: two peers that flood each other would deadlock. Its own watcher costs a second look at all
/// sockets for each event, and its reads a copy. It gets the socket when that is full for the first time, and reports
/// when there is room: most connections never fill one, and spare the memory and the time that it takes for each.
class Wire final : private WsiOwner {
 public:
  class Owner {
   public:
    /// Bytes have arrived, or the stream has ended.
    virtual void wireReadable() = 0;
    /// The socket may take more.
    virtual void wireWritable() = 0;
    /// The connection was closed, because the loop ends. May destroy the wire.
    virtual void wireClosed() = 0;

   protected:
    ~Owner() = default;
  };

  explicit Wire(Owner& owner);
  /// Takes the connection of `other` over. Does not read yet.
  Wire(Wire&& other, Owner& owner);
  /// Closes a connection that is neither cut nor taken over.
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  /// TCP is established; the socket belongs to this object now. Does not read yet.
  void attach(SocketLoop& loop, Socket socket);
  /// Whether there is a connection.
  [[nodiscard]] bool exists() const noexcept { return socket_ != kNoSocket; }
  /// Ends the connection at once. No call reaches the owner afterwards.
  void cut();
  void startReading();
  void stopReading();
  /// Receives what has arrived: into `first`, and what does not fit into `second`.
  [[nodiscard]] SocketReceived receive(std::span<std::byte> first, std::span<std::byte> second);

  void secure(std::unique_ptr<Tls> tls) { tls_ = std::move(tls); }
  [[nodiscard]] Tls* tls() const noexcept { return tls_.get(); }

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
  void awaitWritable();
  /// Ends this direction: sends TLS's closing alert, and shuts down TCP's sending side.
  void finish();

 private:
  void wsiWritable() override;
  void wsiClosed() override;
  std::size_t toSocket(std::span<const std::byte> bytes);

  Owner& owner_;
  SocketLoop* loop_ = nullptr;
  Socket socket_ = kNoSocket;
  bool full_ = false;
  bool broken_ = false;
  bool finished_ = false;  // The sending side.
  lws* wsi_ = nullptr;     // libwebsockets' connection, once it holds the socket.
  std::unique_ptr<Tls> tls_;
  std::size_t sent_ = 0;  // Bytes of TLS's output.
  ev_io arrivals_{};
};

}  // namespace tidewire::native
