#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "connection.hpp"

namespace test_server {

/// The test's connection. A message is a head, a line feed and bytes; it goes in a binary WebSocket message.
class ControlConnection final : public ticker::Connection {
 public:
  struct Calls {
    std::function<void(std::string_view message)> received;
    std::function<void()> closed;
  };

  /// Sends what is in `outgoing`, and takes it out. `outgoing` outlives the connection.
  ControlConnection(lws* socket, std::deque<std::string>& outgoing, Calls calls);
  ~ControlConnection() override { calls_.closed(); }

  void received(const ticker::Piece& piece) override;
  /// There is more in `outgoing`.
  void outputWaits() { askWritable(); }

 protected:
  bool writeNext() override;

 private:
  std::deque<std::string>& outgoing_;
  Calls calls_;
  std::string message_;  // The one that is coming in.
};

}  // namespace test_server
