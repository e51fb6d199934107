#include "session/session_scenario.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "core/bytes.hpp"
#include "core/protocol/message_reader.hpp"
#include "core/protocol/session_core.hpp"
#include "dice.hpp"
#include "session/pace.hpp"
#include "session/served.hpp"
#include "session/truth.hpp"
#include "support/session_model.hpp"

namespace tidewire::simulation {
namespace {

using namespace std::chrono_literals;
using namespace core::protocol;
using core::Duration;
using core::Time;
using Batch = Framer::Batch;

constexpr int kInputs = 220;
constexpr std::uint64_t kMostSteps = 100'000;
constexpr const char* kChannels[] = {"c/1", "c/2", "c/3"};

struct Plan {
  Served::Plan server;
  Duration batchDelay{};
  unsigned cuts;
  Duration longestDelay{};
};

Plan drawPlan(Dice& dice) {
  return {.server = {.history = dice.oneOf<std::size_t>({3, 20, 1000}),
                     .dedupCount = dice.oneOf<std::size_t>({0, 1, 3, 100}),
                     .dedupTime = dice.oneOf<Duration>({2s, 120s}),
                     .forgetsNothing = dice.chance(50),
                     .requests = dice.oneOf<std::size_t>({1, 3, 64}),
                     .longestAnswer = dice.oneOf<Duration>({0ms, 0ms, 5ms, 300ms}),
                     .queueBytes = dice.oneOf<std::size_t>({1'000, 100'000, 1'000'000}),
                     .socket = dice.oneOf<std::size_t>({1, 10, 64})},
          .batchDelay = dice.oneOf<Duration>({0ms, 0ms, 5ms}),
          .cuts = dice.oneOf<unsigned>({1, 5, 15}),
          .longestDelay = dice.oneOf<Duration>({0ms, 20ms, 400ms})};
}

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

  std::optional<SessionFailure> run(std::uint64_t seed) {
    try {
      live();
    } catch (const Violation& violation) {
      fail(violation.rule, "");
    } catch (const Untrue& untrue) {
      fail(untrue.rule, untrue.detail);
    }
    if (failure_) {
      failure_->seed = seed;
    }
    return std::move(failure_);
  }

 private:
  void live() {
    server_.setTime(now_);
    for (int input = 0; input < kInputs && !failure_; ++input) {
      dice_.chance(50) ? call() : happen();
      pass(dice_.between(0ms, dice_.oneOf<Duration>({0ms, 10ms, 300ms})));
    }
    heal();
  }

  // Time.

  void later(Duration delay, std::function<void()> what) { agenda_.emplace(now_ + delay, std::move(what)); }

  void pass(Duration time) {
    const Time end = now_ + time;
    while (!failure_) {
      std::optional<Time> next = core_.deadline();
      if (!agenda_.empty()) {
        next = next ? std::min(*next, agenda_.begin()->first) : agenda_.begin()->first;
      }
      if (!next || *next > end) {
        break;
      }
      setTime(std::max(now_, *next));
      if (++steps_ > kMostSteps) {
        fail("the two do not talk for ever", std::to_string(steps_));
      }
      if (!agenda_.empty() && agenda_.begin()->first <= now_) {
        const auto what = std::move(agenda_.begin()->second);
        agenda_.erase(agenda_.begin());
        what();
      } else {
        core_.tick(now_);
        count("tick");
        settle();
      }
    }
    setTime(std::max(now_, end));
  }

  void setTime(Time now) {
    now_ = now;
    server_.setTime(now);
  }

  // The network: in order in each direction, and what is on its way when a connection is cut may be lost.

  struct Wire {
    Time lastUp{};
    Time lastDown{};
    bool serverHasIt = true;
  };

  void open() {
    opening_ = false;
    if (wire_ != 0 || !wantsUp_) {
      return;
    }
    wire_ = ++wires_;
    wireOf_[wire_] = {};
    server_.connected(wire_);
    pace_.opened();
    count("opened");
    model_.open();
    core_.opened(now_, dice_.chance(30) ? std::optional<std::string>("token") : std::nullopt);
    settle();
  }

  void openSoon(Duration longest = 500ms) {
    if (!opening_ && wantsUp_ && wire_ == 0) {
      opening_ = true;
      later(dice_.between(0ms, longest), [this] { open(); });
    }
  }

  /// The client's side is over. The server may take the connection for alive for a while.
  void cut(bool forGood) {
    const std::uint64_t wire = std::exchange(wire_, 0);
    trace(forGood ? "closed for good" : "cut");
    toldToLeave_ = false;
    core_.ended(forGood);
    performActions();
    model_.end();
    model_.checkEnded(forGood);
    if (wire != 0) {
      later(dice_.between(0ms, dice_.oneOf<Duration>({0ms, 100ms, 5s})), [this, wire] {
        wireOf_[wire].serverHasIt = false;
        server_.lost(wire);
      });
    }
    settle();
    openSoon();
  }

  void toServer(Batch batch) {
    Wire& wire = wireOf_[wire_];
    wire.lastUp = std::max(wire.lastUp, now_ + dice_.between(0ms, plan_.longestDelay));
    const std::uint64_t id = wire_;
    agenda_.emplace(wire.lastUp, [this, id, batch = std::move(batch)] {
      if (wireOf_[id].serverHasIt) {
        trace("server gets " + batch.payload);
        server_.receive(id, batch);
      }
    });
  }

  void toClient(std::uint64_t id, Batch batch) {
    Wire& wire = wireOf_[id];
    wire.lastDown = std::max(wire.lastDown, now_ + dice_.between(0ms, plan_.longestDelay));
    agenda_.emplace(wire.lastDown, [this, id, batch = std::move(batch)] {
      if (wire_ == id) {
        arrive(batch);
      }
      server_.sent(id);
    });
  }

  void serverCloses(std::uint64_t id, std::uint16_t code) {
    Wire& wire = wireOf_[id];
    wire.serverHasIt = false;
    wire.lastDown = std::max(wire.lastDown, now_);
    agenda_.emplace(wire.lastDown, [this, id, code] {
      if (wire_ == id) {
        if (code == 4004) {
          fail("a session does not take over from itself", "");
        }
        count("closed " + std::to_string(code));
        if (code == 4005) {
          core_.calledSlow();
          pace_.calledSlow();
        }
        cut(false);
      }
    });
  }

  void arrive(const Batch& batch) {
    trace("client gets " + batch.payload);
    toldToLeave_ = toldToLeave_ || batch.payload.find(R"({"op":"goaway")") != std::string::npos;
    MessageReader reader(batch.kind, core::asBytes(batch.payload));
    while (std::optional<ServerMessage> message = reader.next()) {
      if (wire_ == 0) {
        return;  // It was closed because of one before.
      }
      pace_.received(message->head);
      model_.receive(now_, message->head);
      core_.arrived(now_, *message);
      performActions();
    }
    settle();
  }

  /// The end of a round.
  void settle() {
    performActions();
    if (dice_.chance(10) && !healed_) {
      later(dice_.between(1ms, 50ms), [this] { settle(); });  // The socket is full for the moment.
      return;
    }
    const std::size_t room = healed_ ? 1 << 18 : dice_.oneOf<std::size_t>({1, 200, 1 << 18});
    for (Batch& batch : core_.takeBatches(now_, room)) {
      checkSent(batch);
      toServer(std::move(batch));
    }
    performActions();
    if (room < 1000) {
      later(1ms, [this] { settle(); });
    }
  }

  void checkSent(const Batch& batch) {
    trace("client sends " + batch.payload);
    model_.sent(now_, batch);
    checkIds(batch.payload);
    Unframer unframer(batch.kind, core::asBytes(batch.payload));
    while (const auto part = unframer.next()) {
      if (!pace_.sends(std::string(reinterpret_cast<const char*>(part->head.data()), part->head.size()))) {
        fail("no more calls wait for their answers than the server allows", batch.payload);
      }
    }
  }

  /// A new id is higher than all before it. One that was used before belongs to a call that is sent again.
  void checkIds(const std::string& payload) {
    constexpr std::string_view kId = R"("id":)";
    for (std::size_t at = payload.find(kId); at != std::string::npos; at = payload.find(kId, at + 1)) {
      const std::uint64_t id = std::stoull(payload.substr(at + kId.size()));
      if (usedIds_.insert(id).second && id < *usedIds_.rbegin()) {
        fail("ids rise", payload);
      }
    }
  }

  // The user.

  void call() {
    const unsigned what = static_cast<unsigned>(dice_.below(100));
    if (what < 12) {
      subscribe();
    } else if (what < 18) {
      unsubscribe();
    } else if (what < 60) {
      publish();
      for (int more = dice_.chance(2) ? 30 : 0; more > 0; --more) {
        publish();
      }
    } else if (what < 75) {
      request();
    } else if (what < 80 && !requests_.empty()) {
      count("cancel");
      core_.cancel(*std::next(requests_.begin(), static_cast<long>(dice_.below(requests_.size()))));
    } else if (what < 85) {
      count("ask");
      ++question_ % 4 == 0 ? core_.reassure() : core_.ask(now_, question_);
    } else if (what < 88) {
      count("authenticate");
      core_.authenticate("fresh");
    } else if (what < 91) {
      count("close");
      wantsUp_ = false;
      cut(true);
    } else {
      count("connect");
      wantsUp_ = true;
      openSoon();
    }
    settle();
  }

  void subscribe() {
    count("subscribe");
    const SubscriberId id = ++ids_;
    const std::string channel = kChannels[dice_.below(std::size(kChannels))];
    const bool conflate = dice_.chance(40);
    std::optional<Position> since;
    if (dice_.chance(30)) {
      count("subscribe with since");
      truth_.subscribesWithSince();
      since = somePosition(channel);
    }
    model_.subscribe(id, channel, conflate, since);
    core_.subscribe(id, channel, conflate, dice_.oneOf<std::uint64_t>({0, 1, 5}), since);
  }

  /// Around where the channel is or was.
  Position somePosition(const std::string& channel) {
    const auto [epoch, seq] = server_.head(channel);
    const std::uint64_t back = dice_.oneOf<std::uint64_t>({0, 1, 2, 10, 100});
    return {dice_.chance(90) ? epoch : "another", dice_.chance(95) ? seq - std::min(back, seq) : seq + back};
  }

  void unsubscribe() {
    const auto& subscribers = model_.subscribers();
    if (!subscribers.empty()) {
      count("unsubscribe");
      const auto at = std::next(subscribers.begin(), static_cast<long>(dice_.below(subscribers.size())));
      const auto [id, subscriber] = *at;
      model_.unsubscribe(id);
      core_.unsubscribe(id, subscriber.channel);
    }
  }

  void publish() {
    const bool ack = dice_.chance(75);
    const bool resend = ack && dice_.chance(15);
    count(resend ? "publish again" : ack ? "publish" : "publish without ack");
    const CallId id = ++ids_;
    truth_.publishes(id, ack, resend);
    make({.id = id,
          .kind = Call::Kind::Publish,
          .target = kChannels[dice_.below(std::size(kChannels))],
          .body = "p" + std::to_string(id),
          .ack = ack,
          .resend = resend});
  }

  void request() {
    count("request");
    const CallId id = ++ids_;
    const bool idempotent = dice_.chance(30);
    requests_.insert(id);
    truth_.requests(id, idempotent);
    make({.id = id,
          .kind = Call::Kind::Request,
          .target = dice_.chance(80) ? "echo" : "none",
          .body = "r" + std::to_string(id),
          .idempotent = idempotent,
          .timeout = dice_.oneOf<Duration>({0ms, 100ms, 10s})});
  }

  void make(Call call) {
    model_.call(call);
    core_.call(now_, std::move(call));
  }

  // The world.

  void happen() {
    const unsigned what = static_cast<unsigned>(dice_.below(100));
    if (what < plan_.cuts) {
      if (wire_ != 0) {
        count("cut");
        cut(false);
      }
    } else if (what < 20) {
      server_.setSlow(wire_, dice_.chance(50));
    } else if (what < 22) {
      count("restart");
      server_.restart();
    } else if (what < 24) {
      count("goaway");
      server_.goAway();
    } else if (what < 26) {
      server_.refuseNext();
    } else if (what < 28) {
      count("omit");
      dice_.chance(70) ? server_.omitNext() : server_.loseNext();
    } else if (what < 29) {
      server_.callSlow(wire_);
    } else if (what < 30) {
      server_.failNext();
    } else if (what < 31) {
      dice_.chance(50) ? server_.expireToken() : server_.rememberLess();
    } else {
      for (std::uint64_t events = 1 + dice_.below(4); events > 0; --events) {
        server_.append(kChannels[dice_.below(std::size(kChannels))]);
      }
    }
  }

  /// No more chance: everything has to come to where the server stands.
  void heal() {
    healed_ = true;
    wantsUp_ = true;
    server_.heal();
    server_.setSlow(wire_, false);
    for (int i = 0; i < 3; ++i) {
      openSoon();
      pass(60s);
      server_.setSlow(wire_, false);
    }
    for (const char* channel : kChannels) {
      server_.append(channel);
    }
    pass(300s);  // Two attempts for what it lost, each up to a minute later than the one before.
    if (failure_) {
      return;
    }
    model_.checkSent({.settled = core_.isSettled(),
                      .delays = plan_.batchDelay > Duration::zero(),
                      .waits = core_.deadline().has_value()});
    truth_.checkEnd();
    if (!requests_.empty()) {
      fail("every request ends", std::to_string(*requests_.begin()));
    }
    if (!core_.isSettled()) {
      fail("nothing is left to send", "");
    }
  }

  // The actions of the core.

  void performActions() {
    while (std::optional<SessionAction> action = core_.takeAction()) {
      if (const auto* gap = std::get_if<GapFound>(&*action)) {
        truth_.check(now_, *gap);
      }
      model_.take(*action);
      std::visit([this](auto& alternative) { perform(alternative); }, *action);
    }
    model_.checkActions();
  }

  void perform(const Welcomed& action) { count(action.resumed ? "welcomed, resumed" : "welcomed"); }
  void perform(const PongArrived& /*action*/) { count("pong"); }
  void perform(const PeerFailed& action) { fail("a good server is not called bad", action.why); }
  void perform(const LeaveNow& /*action*/) {
    count("leave");
    if (!std::exchange(toldToLeave_, false)) {
      fail("only a server that says so is left", "");
    }
    later(0ms, [this] { wire_ != 0 ? cut(false) : void(); });
  }
  void perform(const ErrorArrived& action) { count("error " + action.error.code); }
  void perform(const SubscriptionInterrupted& /*action*/) {}
  void perform(const EventArrived& action) {
    for (std::size_t i = 0; i < action.to.size(); ++i) {
      count(action.event.skipped > 0 ? "event, some skipped" : "event");
    }
    truth_.check(action);
  }
  void perform(const GapFound& action) { count(action.loss.range ? "gap" : "gap of another epoch"); }
  void perform(const SubscriptionAnswered& /*action*/) { count("answered"); }
  void perform(const SubscriptionEnded& action) {
    count("subscription ended");
    if (action.error.temporary) {
      fail("what is refused for the moment does not end", action.error.code);
    }
    if (action.error.code == "already-subscribed") {
      fail("a channel is subscribed to once at a time", "");
    }
  }
  void perform(const PublishEnded& action) {
    truth_.note(action);
    if (action.tell) {
      count("ack " + std::string(name(action.ack.outcome)));
    }
  }
  void perform(const RequestEnded& action) {
    count(action.error ? "request: " + action.error->code : "reply");
    requests_.erase(action.call);
  }

  static std::string_view name(tidewire::Ack::Outcome outcome) {
    constexpr std::string_view kNames[] = {"Published", "Refused", "Unknown", "NotSent"};
    return kNames[static_cast<std::size_t>(outcome)];
  }

  void count(const std::string& what) {
    ++coverage_[what];
    trace(what);
  }
  void trace(const std::string& what) const {
    if (traced_) {
      std::printf("%12.6f s  %s\n", std::chrono::duration<double>(now_.time_since_epoch()).count(), what.c_str());
    }
  }
  void fail(std::string rule, std::string detail) {
    trace("VIOLATED: " + rule + ": " + detail);
    if (!failure_) {
      failure_ = SessionFailure{.rule = std::move(rule), .detail = std::move(detail)};
    }
  }

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
  std::uint64_t question_ = 0;
  Pace pace_;
  std::set<CallId> requests_;  // Those that have not ended.
  std::optional<SessionFailure> failure_;
};

}  // namespace

std::optional<SessionFailure> runSession(std::uint64_t seed, SessionCoverage& coverage, bool traced) {
  return Scenario(seed, coverage, traced).run(seed);
}

}  // namespace tidewire::simulation
