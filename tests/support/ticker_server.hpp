#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/child_process.hpp"

namespace support {

/// The ticker server as a child of the test, on a port that the kernel chose first and that it keeps when restarted.
class TickerServer {
 public:
  explicit TickerServer(std::vector<std::string> arguments = {});

  void kill();
  /// Listens when this returns.
  void start();
  void freeze();
  void continueRunning();
  [[nodiscard]] std::string url(std::string_view path) const;
  [[nodiscard]] int port() const { return port_; }

 private:
  std::vector<std::string> arguments_;
  int port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace support
