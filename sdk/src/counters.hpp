#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "platform/sync.hpp"
#include "platform/transport.hpp"
#include "tidewire/events.hpp"
#include "tidewire/stats.hpp"

namespace tidewire::internal {

/// Counts what happens on the loop thread for `Client::stats`.
///
/// Holds less than a `Stats`, which is made when it is read: most clients never need the numbers by cause.
class Counters {
 public:
  // Loop thread. Each event is counted before its callback runs.

  void count(const StateChange& event);
  void count(const Opened& event);
  void count(const Dropped& event);
  void count(const CloseInfo& event);
  void count(const HeartbeatInfo& event);
  /// The messages that a round moved.
  void count(const Transport::Sent& sent, const Transport::Sent& received);

  /// Sets in `stats` all that is counted here. Any thread.
  void addTo(Stats& stats) const;

 private:
  struct ByCause {
    std::array<std::uint64_t, kCloseCauseCount> endings = {};
    std::array<std::uint64_t, kCloseCauseCount> reconnects = {};
  };

  struct Volume {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
  };

  static void add(Volume& to, std::size_t messages, std::size_t bytes) {
    to.messages += messages;
    to.bytes += bytes;
  }
  /// Requires: the lock.
  [[nodiscard]] ByCause& byCause();

  mutable Mutex mutex_;
  CloseCause lastCause_{};  // Of the attempt before this one.
  std::uint64_t attempts_ = 0;
  std::uint64_t opens_ = 0;
  std::uint64_t reconnects_ = 0;
  Volume sent_;
  Volume received_;
  Volume dropped_;
  std::uint64_t unconfirmed_ = 0;
  std::optional<RoundTrips> roundTrips_;
  std::optional<HandshakeTimes> lastHandshake_;
  std::unique_ptr<ByCause> byCause_;  // Null before the first ending.
};

}  // namespace tidewire::internal
