#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "stream_connection.hpp"

namespace test_server {

/// A client's connection that the test sees, writes to and cuts.
class TestConnection final : public ticker::StreamConnection {
 public:
  struct Reports {
    std::function<void(bool binary, std::string_view payload)> message;  ///< Before it is handled.
    /// With the code of the client's Close frame: 1005 if that has none, 1006 if none came.
    std::function<void(std::uint16_t code)> closed;
  };

  TestConnection(lws* socket, tidewire::server::Hub& hub, ticker::TurnClock& clock, Reports reports);
  ~TestConnection() override;

  void received(const ticker::Piece& piece) override;
  bool peerCloses(std::uint16_t code) override;
  /// At once: `goaway` is the test's to send.
  void serverStops() override { goAway(); }

  /// Sends a WebSocket message past the server half.
  void send(bool binary, std::string_view payload);
  /// Ends the connection without a Close frame: what is sent from now on does not reach the client.
  void cut();

 private:
  Reports reports_;
  std::string message_;  // The one that is coming in.
  std::uint16_t code_;
};

}  // namespace test_server
