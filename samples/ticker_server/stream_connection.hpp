#pragma once

#include <libwebsockets.h>

#include <cstdint>
#include <optional>
#include <string>

#include "connection.hpp"
#include "server/hub.hpp"
#include "server/peer.hpp"
#include "turn_clock.hpp"

namespace ticker {

/// The socket of a client that speaks "tidewire.v1".
class StreamConnection : public Connection, private tidewire::server::Peer::Carrier {
 public:
  /// `hub` and `clock` outlive the connection.
  StreamConnection(lws* socket, tidewire::server::Hub& hub, TurnClock& clock);
  ~StreamConnection() override;

  void received(const Piece& piece) override;
  bool peerCloses(std::uint16_t /*code*/) override { return !closeSent_; }
  void serverStops() override;
  void goAway() override { peer_.stop(); }

 protected:
  bool writeNext() override;
  bool wantsToRead() const override { return !peer_.holdsBack(); }
  void readingChanged(bool reading) override { peer_.setListening(reading); }

 private:
  /// Leads from libwebsockets' timer back to the connection.
  struct Timer {
    lws_sorted_usec_list_t entry{};  // First, so that its address is the timer's.
    StreamConnection* connection = nullptr;
  };

  static void timerFired(lws_sorted_usec_list_t* entry);
  static void batchFired(lws_sorted_usec_list_t* entry);
  void outputWaits() override;
  void deadlineNears() override { setTimer(); }
  void mayReadAgain() override { updateReading(); }
  void writeClose(const tidewire::server::Peer::Ending& ending);
  void setTimer();

  tidewire::server::Hub& hub_;
  TurnClock& clock_;
  tidewire::server::Peer peer_;
  std::string message_;  // The one that is coming in.
  Timer timer_;
  std::optional<std::int64_t> timerAt_;
  Timer batchTimer_;
  bool batchWaits_ = false;
  bool limitedEnd_ = false;
  bool closeSent_ = false;
};

}  // namespace ticker
