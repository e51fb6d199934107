#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/protocol/session_core.hpp"
#include "core/time.hpp"
#include "session/served.hpp"
#include "support/session_model.hpp"

namespace tidewire::simulation {

/// A rule that does not hold, with what shows it.
struct Untrue {
  std::string rule;
  std::string detail;
};

/// What a session says of its server, compared with what the server has done. Throws `Untrue` where they differ.
class Truth {
 public:
  /// Both outlive it.
  Truth(Served& server, const core::protocol::SessionModel& model) : server_(server), model_(model) {}

  void publishes(core::protocol::CallId id, bool ack, bool resend) { publishes_[id] = {.ack = ack, .resend = resend}; }
  void requests(core::protocol::CallId id, bool idempotent) {
    if (!idempotent) {
      onceOnly_.insert(id);
    }
  }
  void subscribesWithSince() { ++sinces_; }

  /// After the model has taken it.
  void check(const core::protocol::EventArrived& action) const;
  /// Before the model takes it.
  void check(core::Time now, const core::protocol::GapFound& action);
  void note(const core::protocol::PublishEnded& action);

  /// Once all is well, and nothing is left to do.
  void checkEnd() const;

 private:
  struct Publish {
    bool ack = false;
    bool resend = false;
    std::optional<tidewire::Ack::Outcome> outcome = {};
  };

  void checkPublish(core::protocol::CallId id, const Publish& publish) const;
  void checkOrder() const;

  Served& server_;
  const core::protocol::SessionModel& model_;
  std::map<core::protocol::CallId, Publish> publishes_;
  std::set<core::protocol::CallId> onceOnly_;
  std::uint64_t gaps_ = 0;
  std::uint64_t sinces_ = 0;
  std::pair<core::Time, std::string> lastGap_;
};

}  // namespace tidewire::simulation
