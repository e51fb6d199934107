#pragma once

#include <openssl/ssl.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "frames.hpp"

namespace bench {

class Connection;
class Request;

/// What a connection does once it is open; its path chooses it.
class Role {
 public:
  virtual ~Role() = default;
  virtual void begin(Connection&) {}
  /// A data frame. Its payload is there only where `keepsPayload` is true, or by chance.
  virtual void onFrame(Connection&, const Frame&) {}
  [[nodiscard]] virtual bool keepsPayload() const { return false; }
};

/// Returns: the role for the path of `request`, or null.
std::unique_ptr<Role> makeRole(const Request& request);

/// One client: reads frames into its role, and writes prepared bytes. Never blocks.
class Connection {
 public:
  Connection(int socket, SSL_CTX* tls);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Reads and writes what is possible. `shared` is a read buffer for all connections.
  ///
  /// Returns: false if the connection has ended.
  bool turn(std::uint32_t events, std::vector<char>& shared);

  [[nodiscard]] int socket() const { return socket_; }
  /// Whether a turn is needed when the socket can be written to.
  [[nodiscard]] bool wantsToWrite() const;

  /// The bytes that are written next. A role appends to it.
  std::string& out() { return out_; }
  /// Writes `bytes` bytes after `out()`: those of `cycle` again and again.
  void flood(std::shared_ptr<const std::string> cycle, std::size_t bytes);

 private:
  bool readAll(std::vector<char>& shared);
  bool consume(std::string_view bytes);
  std::size_t consumeFrame(std::string_view bytes);
  void onWhole(const Frame& frame);
  void onControl(const Frame& frame);
  bool writeAll();
  bool writeFlood();
  ssize_t readSome(char* data, std::size_t size);
  ssize_t writeSome(const char* data, std::size_t size);

  const int socket_;
  SSL* ssl_ = nullptr;
  std::unique_ptr<Role> role_;  // Null until the handshake is complete.
  std::string partial_;         // The beginning of a frame that the next read completes.
  Frame skipped_;               // A data frame of which `toSkip_` bytes have not come yet.
  std::size_t toSkip_ = 0;
  std::string out_;
  std::size_t written_ = 0;  // Of `out_`.
  std::shared_ptr<const std::string> cycle_;
  std::size_t cycleOffset_ = 0;
  std::size_t toFlood_ = 0;
  bool ended_ = false;
  bool closing_ = false;
};

}  // namespace bench
