#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "core/protocol/message_reader.hpp"
#include "core/protocol/session_core.hpp"
#include "dice.hpp"
#include "session/pace.hpp"
#include "session/served.hpp"
#include "session/session_scenario.hpp"
#include "session/truth.hpp"
#include "support/session_model.hpp"

namespace tidewire::simulation {

using namespace std::chrono_literals;
using namespace core::protocol;
using core::Duration;
using core::Time;
using Batch = Framer::Batch;

inline constexpr const char* kChannels[] = {"c/1", "c/2", "c/3"};

struct Plan {
  Served::Plan server;
  Duration batchDelay{};
  unsigned cuts;
  Duration longestDelay{};
};

[[nodiscard]] Plan drawPlan(Dice& dice);

/// One seed.
class Scenario {
 public:
  Scenario(std::uint64_t seed, SessionCoverage& coverage, bool traced)
      : dice_(seed),
        plan_(drawPlan(dice_)),
        coverage_(coverage),
        traced_(traced),
        server_(plan_.server, dice_,
                {.send = [this](std::uint64_t wire, Batch batch) { toClient(wire, std::move(batch)); },
                 .close = [this](std::uint64_t wire, std::uint16_t code) { serverCloses(wire, code); },
                 .schedule = [this](Time at, std::function<void()> what) { agenda_.emplace(at, std::move(what)); }}),
        core_({.key = "keykeykeykeykeykeykeyA", .batchDelay = plan_.batchDelay, .seed = seed}) {}

  std::optional<SessionFailure> run(std::uint64_t seed);

 private:
  void live();

  // Time.
  void later(Duration delay, std::function<void()> what) { agenda_.emplace(now_ + delay, std::move(what)); }

  void pass(Duration time);
  void setTime(Time now);

  // The network: in order in each direction, and what is on its way when a connection is cut may be lost.
  struct Wire {
    Time lastUp{};
    Time lastDown{};
    bool serverHasIt = true;
  };

  void open();
  void openSoon(Duration longest = 500ms);
  /// The client's side is over. The server may take the connection for alive for a while.
  void cut(bool forGood);
  void toServer(Batch batch);
  void toClient(std::uint64_t id, Batch batch);
  void serverCloses(std::uint64_t id, std::uint16_t code);
  void arrive(const Batch& batch);
  /// The end of a round.
  void settle();
  void checkSent(const Batch& batch);
  /// A new id is higher than all before it. One that was used before belongs to a call that is sent again.
  void checkIds(const std::string& payload);

  // The user.
  void call();
  void subscribe();
  /// Around where the channel is or was.
  Position somePosition(const std::string& channel);
  void unsubscribe();
  void publish();
  void request();
  void make(Call call);

  // The world.
  void happen();
  /// No more chance: everything has to come to where the server stands.
  void heal();

  // The actions of the core.
  void performActions();
  void perform(const Welcomed& action) { count(action.resumed ? "welcomed, resumed" : "welcomed"); }
  void perform(const PongArrived& /*action*/) { count("pong"); }
  void perform(const PeerFailed& action) { fail("a good server is not called bad", action.why); }
  void perform(const LeaveNow& /*action*/);
  void perform(const ErrorArrived& action) { count("error " + action.error.code); }
  void perform(const SubscriptionInterrupted& /*action*/) {}
  void perform(const EventArrived& action);
  void perform(const GapFound& action) { count(action.loss.range ? "gap" : "gap of another epoch"); }
  void perform(const SubscriptionAnswered& /*action*/) { count("answered"); }
  void perform(const SubscriptionEnded& action);
  void perform(const PublishEnded& action);
  void perform(const RequestEnded& action);

  static std::string_view name(tidewire::Ack::Outcome outcome) {
    constexpr std::string_view kNames[] = {"Published", "Refused", "Unknown", "NotSent"};
    return kNames[static_cast<std::size_t>(outcome)];
  }

  void count(const std::string& what);
  void trace(const std::string& what) const;
  void fail(std::string rule, std::string detail);

  Dice dice_;
  const Plan plan_;
  SessionCoverage& coverage_;
  const bool traced_;
  Time now_{std::chrono::hours(1)};
  std::multimap<Time, std::function<void()>> agenda_;
  Served server_;
  SessionCore core_;
  SessionModel model_;
  Truth truth_{server_, model_};
  std::map<std::uint64_t, Wire> wireOf_;
  std::uint64_t wires_ = 0;
  std::uint64_t wire_ = 0;
  bool opening_ = false;
  bool wantsUp_ = false;
  bool healed_ = false;
  bool toldToLeave_ = false;
  std::set<std::uint64_t> usedIds_;
  std::uint64_t ids_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t probe_ = 0;
  Pace pace_;
  std::set<CallId> requests_;  // Those that have not ended.
  std::optional<SessionFailure> failure_;
};

}  // namespace tidewire::simulation
