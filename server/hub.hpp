#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "server/application.hpp"
#include "server/clock.hpp"
#include "server/journal.hpp"
#include "server/sessions.hpp"

namespace tidewire::server {

/// What each client may do, and how much of it.
struct Limits {
  std::int64_t heartbeatMs = 25'000;  ///< 0: clients need not send any, and silent ones are kept.
  std::int64_t helloWithinMs = 10'000;
  std::size_t maxMessageBytes = 1'048'576;
  std::size_t maxBodyBytes = 65'536;  ///< Of a publish.
  std::size_t maxSubscriptions = 100;
  std::size_t maxRooms = 25;              ///< Among them.
  std::size_t maxRequests = 64;           ///< Without an answer.
  std::size_t maxPublishes = 256;         ///< That the log has not answered; then the client is not read.
  std::size_t maxQueueBytes = 1'048'576;  ///< Of events that wait, and of answers that do.
  double publishesPerSecond = 1000;       ///< On average; twice as many at once.
  std::int64_t batchDelayMs = 0;          ///< What waits for a client waits so long for more, to leave with it.
};

/// What all clients share.
class Hub {
 public:
  struct Settings {
    Limits limits = {};
    Sessions::Settings sessions = {};
    std::string epoch = {};  ///< One that no other process had; the names of memories begin with it.
  };

  /// `clock`, `application` and `journal` outlive the hub, and the hub outlives its peers.
  Hub(const Settings& settings, const Clock& clock, Application& application, const Journal& journal)
      : limits_(settings.limits),
        clock_(clock),
        application_(application),
        journal_(journal),
        sessions_(settings.sessions, settings.epoch, clock, journal) {}

  [[nodiscard]] const Limits& limits() const { return limits_; }
  [[nodiscard]] std::int64_t wallTime() const { return clock_.wall(); }
  [[nodiscard]] std::int64_t steadyTime() const { return clock_.steady(); }
  [[nodiscard]] Application& application() { return application_; }
  [[nodiscard]] const Journal& journal() const { return journal_; }
  Sessions& sessions() { return sessions_; }

 private:
  Limits limits_;
  const Clock& clock_;
  Application& application_;
  const Journal& journal_;
  Sessions sessions_;
};

}  // namespace tidewire::server
