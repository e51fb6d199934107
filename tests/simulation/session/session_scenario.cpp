#include "session/session_scenario.hpp"

#include <algorithm>

#include "core/bytes.hpp"
#include "session/scenario.hpp"

namespace tidewire::simulation {

namespace {
constexpr int kInputs = 220;
constexpr std::uint64_t kMostSteps = 100'000;
}  // namespace

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

std::optional<SessionFailure> Scenario::run(std::uint64_t seed) {
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

void Scenario::live() {
  server_.setTime(now_);
  for (int input = 0; input < kInputs && !failure_; ++input) {
    dice_.chance(50) ? call() : happen();
    pass(dice_.between(0ms, dice_.oneOf<Duration>({0ms, 10ms, 300ms})));
  }
  heal();
}

// Time.

void Scenario::pass(Duration time) {
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

void Scenario::setTime(Time now) {
  now_ = now;
  server_.setTime(now);
}

// The network: in order in each direction, and what is on its way when a connection is cut may be lost.

void Scenario::open() {
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

void Scenario::openSoon(Duration longest) {
  if (!opening_ && wantsUp_ && wire_ == 0) {
    opening_ = true;
    later(dice_.between(0ms, longest), [this] { open(); });
  }
}

void Scenario::cut(bool forGood) {
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

void Scenario::toServer(Batch batch) {
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

void Scenario::toClient(std::uint64_t id, Batch batch) {
  Wire& wire = wireOf_[id];
  wire.lastDown = std::max(wire.lastDown, now_ + dice_.between(0ms, plan_.longestDelay));
  agenda_.emplace(wire.lastDown, [this, id, batch = std::move(batch)] {
    if (wire_ == id) {
      arrive(batch);
    }
    server_.sent(id);
  });
}

void Scenario::serverCloses(std::uint64_t id, std::uint16_t code) {
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

void Scenario::arrive(const Batch& batch) {
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

void Scenario::settle() {
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

void Scenario::checkSent(const Batch& batch) {
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

void Scenario::checkIds(const std::string& payload) {
  constexpr std::string_view kId = R"("id":)";
  for (std::size_t at = payload.find(kId); at != std::string::npos; at = payload.find(kId, at + 1)) {
    const std::uint64_t id = std::stoull(payload.substr(at + kId.size()));
    if (usedIds_.insert(id).second && id < *usedIds_.rbegin()) {
      fail("ids rise", payload);
    }
  }
}

// The actions of the core.

void Scenario::performActions() {
  while (std::optional<SessionAction> action = core_.takeAction()) {
    if (const auto* gap = std::get_if<GapFound>(&*action)) {
      truth_.check(now_, *gap);
    }
    model_.take(*action);
    std::visit([this](auto& alternative) { perform(alternative); }, *action);
  }
  model_.checkActions();
}

void Scenario::perform(const LeaveNow& /*action*/) {
  count("leave");
  if (!std::exchange(toldToLeave_, false)) {
    fail("only a server that says so is left", "");
  }
  later(0ms, [this] { wire_ != 0 ? cut(false) : void(); });
}

void Scenario::perform(const EventArrived& action) {
  for (std::size_t i = 0; i < action.to.size(); ++i) {
    count(action.event.skipped > 0 ? "event, some skipped" : "event");
  }
  truth_.check(action);
}

void Scenario::perform(const SubscriptionEnded& action) {
  count("subscription ended");
  if (action.error.temporary) {
    fail("what is refused for the moment does not end", action.error.code);
  }
  if (action.error.code == "already-subscribed") {
    fail("a channel is subscribed to once at a time", "");
  }
}

void Scenario::perform(const PublishEnded& action) {
  truth_.note(action);
  if (action.tell) {
    count("ack " + std::string(name(action.ack.outcome)));
  }
}

void Scenario::perform(const RequestEnded& action) {
  count(action.error ? "request: " + action.error->code : "reply");
  requests_.erase(action.call);
}

void Scenario::count(const std::string& what) {
  ++coverage_[what];
  trace(what);
}

void Scenario::trace(const std::string& what) const {
  if (traced_) {
    std::printf("%12.6f s  %s\n", std::chrono::duration<double>(now_.time_since_epoch()).count(), what.c_str());
  }
}

void Scenario::fail(std::string rule, std::string detail) {
  trace("VIOLATED: " + rule + ": " + detail);
  if (!failure_) {
    failure_ = SessionFailure{.rule = std::move(rule), .detail = std::move(detail)};
  }
}

std::optional<SessionFailure> runSession(std::uint64_t seed, SessionCoverage& coverage, bool traced) {
  return Scenario(seed, coverage, traced).run(seed);
}

}  // namespace tidewire::simulation
