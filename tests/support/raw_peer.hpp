#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace support {

/// A frame as the client sent it, unmasked.
struct ClientFrame {
  bool final = false;
  int opcode = -1;  ///< -1: the connection ended instead.
  bool masked = false;
  std::string payload = {};

  /// Of a Close frame; 1005 if it has none.
  [[nodiscard]] int closeCode() const;
};

/// The server's end of one connection, in the hands of a test: it says exactly what the test tells it, right or wrong.
class RawConnection {
 public:
  RawConnection(int socket, ssl_ctx_st* tls);
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  /// Whether TLS, if there is any, was agreed on.
  [[nodiscard]] bool secured() const { return secured_; }

  void write(std::string_view bytes);
  /// Writes as much of it as the system takes now, and returns how much. Without TLS only.
  [[nodiscard]] std::size_t writeWhatGoes(std::string_view bytes);
  /// What has arrived up to and with the blank line of a request; empty if the connection ended first.
  [[nodiscard]] std::string readRequest();
  /// Reads the request and answers it as RFC 6455 wants, with `extraHeaders` and then `bytes` in the same segment.
  std::string acceptWebSocket(std::string_view extraHeaders = {}, std::string_view bytes = {});
  [[nodiscard]] ClientFrame readFrame();
  /// Reads so many bytes and forgets them.
  void discard(std::size_t count);
  /// Whether the client ends the connection, with nothing left to read.
  [[nodiscard]] bool atEnd();
  /// Whether it has ended now, with nothing left to read. Without TLS only.
  [[nodiscard]] bool hasEnded();
  /// Whether something can be read now.
  [[nodiscard]] bool hasSomething() const;
  /// The name that the client's TLS hello asked for (SNI); empty without one.
  [[nodiscard]] std::string serverName() const;
  /// Ends TLS in this direction, and leaves TCP as it is.
  void endTls();
  /// Ends the connection with a TCP reset.
  void reset();

 private:
  [[nodiscard]] bool fill();
  [[nodiscard]] std::string take(std::size_t count);

  int socket_;
  ssl_st* ssl_ = nullptr;
  bool secured_ = true;
  std::string received_;
};

/// Listens on a port of the kernel's choice, on 127.0.0.1 or another address.
class RawPeer {
 public:
  explicit RawPeer(const char* address = "127.0.0.1");
  /// With TLS; both files are PEM.
  RawPeer(const std::string& certificateFile, const std::string& keyFile, const char* address = "127.0.0.1");
  ~RawPeer();
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url(std::string_view path = "/") const;
  /// Whether a connection can be accepted now.
  [[nodiscard]] bool isAsked() const;
  [[nodiscard]] std::unique_ptr<RawConnection> accept();

 private:
  int socket_ = -1;
  int port_ = 0;
  ssl_ctx_st* tls_ = nullptr;
};

/// One frame as a server sends it: no mask, and the shortest length that holds `payload`.
[[nodiscard]] std::string serverFrame(int opcode, std::string_view payload, bool final = true);

}  // namespace support
