#pragma once

#include <cstddef>

#include "platform/transport.hpp"
#include "tidewire/events.hpp"
#include "tidewire/stats.hpp"

namespace tidewire::internal {

/// Counts what happens on the loop thread for `Client::stats`.
class Counters {
 public:
  void count(const StateChange& event) {
    if (event.to == State::Connecting) {
      ++stats_.attempts;
      if (event.from == State::Waiting) {
        ++stats_.reconnects;
        ++stats_.reconnectsByCause[static_cast<std::size_t>(lastCause_)];
      }
    }
  }
  void count(const Opened& event) {
    ++stats_.opens;
    stats_.lastHandshake = event.times;
  }
  void count(const Dropped& event) {
    stats_.droppedMessages += event.messages;
    stats_.droppedBytes += event.bytes;
  }
  void count(const CloseInfo& event) {
    lastCause_ = event.cause;
    ++stats_.endingsByCause[static_cast<std::size_t>(event.cause)];
    stats_.unconfirmedMessages += event.unconfirmedMessages;
  }
  void count(const HeartbeatInfo& event) { stats_.roundTrips = event.roundTrips; }
  void countSent(const Transport::Sent& sent) {
    stats_.messagesSent += sent.messages;
    stats_.bytesSent += sent.bytes;
  }
  void countReceived(const Transport::Sent& received) {
    stats_.messagesReceived += received.messages;
    stats_.bytesReceived += received.bytes;
  }

  [[nodiscard]] const Stats& stats() const noexcept { return stats_; }

 private:
  Stats stats_;
  CloseCause lastCause_{};  // Of the attempt before this one.
};

}  // namespace tidewire::internal
