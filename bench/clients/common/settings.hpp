#pragma once

#include <cstddef>
#include <string>

namespace bench {

/// The command line that all client programs share.
struct Settings {
  std::string scenario;  // receive, send, batches, ping-pong, echo, connect, idle, ...
  std::string url;
  std::string ca;  // PEM file of the certificate to trust, for wss:
  std::size_t messages = 1;
  std::size_t bytes = 64;
  std::size_t window = 64;
  std::size_t batch = 1;
  bool text = false;
  bool fresh = false;     // The application writes each payload anew.
  bool prepare = false;   // ... into memory of the library's, which is then sent without a copy.
  bool coalesce = false;  // Several messages in one write, by hand, where a library does not do it.
  std::string delivery = "automatic";
  std::size_t queueBytes = 0;  // Limit of the send queue; 0 leaves the default.
  std::size_t connections = 1;
  double seconds = 1;
  double heartbeat = 0;  // Seconds; 0 is none.

  [[nodiscard]] bool isTls() const { return url.rfind("wss:", 0) == 0; }
  [[nodiscard]] std::string host() const;
  [[nodiscard]] std::string port() const;
  /// Path and query.
  [[nodiscard]] std::string target() const;
};

/// Reads the command line, or ends the program with a message.
Settings readSettings(int argc, char** argv);

/// Ends the program: this client cannot do what the command line says. The driver leaves the cell empty.
[[noreturn]] void refuse(const std::string& why);
/// Ends the program with an error.
[[noreturn]] void fail(const std::string& why);

}  // namespace bench
