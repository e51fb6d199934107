#include "scenario.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "agenda.hpp"
#include "dice.hpp"
#include "driver.hpp"
#include "network.hpp"
#include "plan.hpp"
#include "trace.hpp"

namespace tidewire::simulation {
namespace {

using namespace std::chrono_literals;
using core::Duration;
using core::Time;

constexpr std::uint64_t kInputs = 220;
constexpr unsigned kMostStepsAtOnce = 1000;

class Scenario {
 public:
  Scenario(std::uint64_t seed, Coverage& coverage, bool traced)
      : dice_(seed),
        plan_(drawPlan(dice_)),
        coverage_(coverage),
        trace_(traced),
        network_(plan_, dice_, agenda_),
        invariants_(plan_, coverage),
        driver_(plan_, network_, invariants_, trace_,
                {.onOpen = [this] { onOpen(); },
                 .onClose = [this](const CloseInfo& info) { onClose(info); },
                 .onOpenQueued = [this](std::uint64_t attempt) { openIsQueued(attempt); },
                 .endpoint = [this](std::uint64_t attempt) { endpoint(attempt); }}) {}

  void run() {
    for (const std::uint64_t enough = coverage_.total + kInputs; coverage_.total < enough;) {
      step();
    }
    heal();
    closeForGood();
  }

 private:
  // Time.

  void setTime(Time now) {
    now_ = now;
    driver_.setTime(now);
  }

  /// When the loop's timer goes off: sometimes late.
  void setTimer() {
    if (driver_.deadline() != timerFor_) {
      timerFor_ = driver_.deadline();
      timer_ = timerFor_;
      if (timer_ && !healed_ && dice_.chance(15)) {
        *timer_ += dice_.between(0ms, dice_.oneOf<Duration>({5ms, 90ms, 2s}));
      }
    }
  }

  [[nodiscard]] std::optional<Time> nextEvent() {
    setTimer();
    const std::optional<Time> next = agenda_.next();
    return next && timer_ ? std::min(*next, *timer_) : next ? next : timer_;
  }

  void step() {
    const Time before = now_;
    const std::optional<Time> next = nextEvent();
    if (dice_.chance(1)) {
      sleep();
    } else if (dice_.chance(plan_.calls)) {
      pass(dice_.between(0ms, dice_.oneOf<Duration>({0ms, 20ms, 500ms})), next);
      call();
    } else if (dice_.chance(8)) {
      platform();
    } else if (next && dice_.chance(95)) {
      setTime(std::max(now_, *next));
      happen();
    } else {
      pass(dice_.between(0ms, 3s), next);
    }
    if (Wire* wire = network_.wire(); wire != nullptr && wire->open && !wire->ended) {
      if (dice_.chance(plan_.breaks)) {
        network_.misbehave(now_);
      } else if (dice_.chance(20)) {
        network_.speak(now_ + dice_.between(0ms, 2s));
      }
    }
    watchForSpinning(before);
  }

  /// Lets time pass, mostly not beyond what is to come.
  void pass(Duration duration, std::optional<Time> next) {
    Time until = now_ + duration;
    if (next && !dice_.chance(10)) {
      until = std::max(now_, std::min(until, *next));
    }
    setTime(until);
  }

  /// The next thing that is due happens: the timer or something on the agenda, in any order.
  void happen() {
    const bool timerDue = timer_ && now_ >= *timer_;
    std::optional<Event> event;
    if (!timerDue || dice_.chance(50)) {
      event = agenda_.take(now_, dice_);
    }
    if (event) {
      happen(*event);
    } else if (timerDue) {
      timerFor_.reset();
      timer_.reset();
      driver_.tick();
    }
  }

  void watchForSpinning(Time before) {
    atOnce_ = now_ == before ? atOnce_ + 1 : 0;
    require(atOnce_ < kMostStepsAtOnce, invariant::kDeadline, "the client spins");
  }

  void sleep() {
    setTime(now_ + dice_.between(1s, dice_.oneOf<Duration>({10s, 5min, 3h})));
    trace_.note("the machine has slept");
    const bool hintFirst = dice_.chance(50);
    if (hintFirst) {
      driver_.hint(core::Hint::WokeUp);
    }
    for (std::uint64_t due = dice_.below(8); due > 0; --due) {
      setTimer();
      happen();
    }
    if (!hintFirst && dice_.chance(80)) {
      driver_.hint(core::Hint::WokeUp);
    }
  }

  // The world.

  void happen(Event& event) {
    if (event.kind == Event::Kind::EndpointAnswers) {
      driver_.answerEndpoint(event.subject);
    } else if (event.kind == Event::Kind::EndpointFails) {
      driver_.failEndpoint(event.subject);
    } else if (event.kind == Event::Kind::Polls) {
      poll();
    } else if (network_.wire() != nullptr && network_.wire()->number == event.subject) {
      onWire(*network_.wire(), event);
    }  // Else it was aborted, and nothing of it arrives any more.
  }

  void onWire(Wire& wire, Event& event) {
    const bool isRead = event.kind == Event::Kind::Speaks || event.kind == Event::Kind::AnswersPing ||
                        event.kind == Event::Kind::AnswersText;
    if (event.kind == Event::Kind::Opens) {
      driver_.wireOpens();
    } else if (event.kind == Event::Kind::Takes) {
      network_.takeAhead(now_);
      driver_.wireWritable();
    } else if (isRead && (wire.deaf || !wire.open)) {
      trace_.note("lost on the way");
    } else if (isRead && !wire.reading) {
      wire.unread.push_back(std::move(event));
    } else if (event.kind == Event::Kind::Speaks) {
      driver_.bytesArrive();
    } else if (event.kind == Event::Kind::AnswersPing) {
      driver_.pongArrives(event.payload);
    } else if (event.kind == Event::Kind::AnswersText) {
      driver_.textAnswerArrives(event.text);
    } else {
      driver_.wireEnds(std::move(event.ending));
    }
  }

  void platform() {
    switch (dice_.below(7)) {
      case 0:
        driver_.hint(core::Hint::Online);
        break;
      case 1:
        driver_.hint(core::Hint::Offline);
        break;
      case 2:
        driver_.hint(core::Hint::Visible);
        break;
      case 3:
        driver_.hint(core::Hint::WokeUp);
        break;
      case 4:
        // Unasked (RFC 6455 section 5.5.3).
        if (Wire* wire = network_.wire(); wire != nullptr && wire->open && wire->reading && !wire->deaf) {
          driver_.pongArrives(dice_.below(2) << 63);
        }
        break;
      default:
        driver_.tick();  // Before anything is due.
        break;
    }
  }

  // The user.

  void call() {
    if (dice_.chance(plan_.closes)) {
      driver_.close(closeCode());
    } else if (!invariants_.wantsUp() && dice_.chance(40)) {
      driver_.connect();
    } else {
      callAnything();
    }
  }

  void callAnything() {
    switch (dice_.below(13)) {
      case 0:
        driver_.connect();
        break;
      case 1:
        if (dice_.chance(40)) {
          driver_.reconnect();
        }
        break;
      case 2:
      case 3:
        driver_.probeNow();
        break;
      case 4:
      case 5:
        driver_.pause(dice_.chance(50));
        break;
      case 6:
        poll();
        break;
      default:
        for (std::uint64_t messages = dice_.oneOf({1, 1, 3, 8}); messages > 0; --messages) {
          driver_.send(1 + dice_.below(60));
        }
        break;
    }
  }

  std::uint16_t closeCode() { return dice_.chance(50) ? 1000 : 4999; }

  void onOpen() {
    if (dice_.chance(50)) {
      for (std::uint64_t messages = 1 + dice_.below(3); messages > 0; --messages) {
        driver_.sendFirst(1 + dice_.below(30));
      }
    }
    if (!healed_ && dice_.chance(4)) {
      dice_.chance(50) ? driver_.reconnect() : driver_.close(closeCode());
    }
  }

  void onClose(const CloseInfo& info) {
    if (!healed_ && dice_.chance(10)) {
      info.willRetry&& dice_.chance(80) ? driver_.probeNow() : driver_.connect();
    }
    if (!healed_ && info.willRetry && dice_.chance(3)) {
      dice_.chance(50) ? driver_.reconnect() : driver_.close(closeCode());
    }
  }

  void openIsQueued(std::uint64_t attempt) {
    opens_.push_back(attempt);
    if (healed_ || dice_.chance(90)) {
      agenda_.add({.kind = Event::Kind::Polls, .at = now_ + dice_.between(0ms, healed_ ? 10ms : 1s)});
    }
  }

  /// Runs the callbacks that wait.
  void poll() {
    if (opens_.empty()) {
      return;
    }
    const std::uint64_t last = opens_.back();
    for (std::size_t count = std::exchange(opens_, {}).size(); count > 0; --count) {
      onOpen();
    }
    driver_.openReturned(last);
  }

  void endpoint(std::uint64_t attempt) {
    if (healed_ || dice_.chance(40)) {
      driver_.answerEndpoint(attempt);
    } else if (dice_.chance(85)) {
      const auto kind = dice_.chance(80) ? Event::Kind::EndpointAnswers : Event::Kind::EndpointFails;
      agenda_.add({.kind = kind, .at = now_ + dice_.between(0ms, 3s), .subject = attempt});
    }  // Else it keeps the probe for ever.
    if (!healed_ && dice_.chance(50)) {
      // Once more, perhaps when the attempt is long over.
      const auto kind = dice_.chance(40) ? Event::Kind::EndpointAnswers : Event::Kind::EndpointFails;
      agenda_.add({.kind = kind, .at = now_ + dice_.between(0ms, 5s), .subject = attempt});
    }
  }

  // The end of every seed.

  void heal() {
    trace_.note("the network has healed, and the user wants a connection");
    healed_ = true;
    network_.heal();
    driver_.pause(false);
    poll();
    wantUp();
    runUntil(now_ + longestUntilFree(), false);
    runUntil(now_ + longestUntilOpen(), false);
    require(driver_.state() == State::Open, invariant::kHeals, "not open in time");
    const std::uint64_t attempt = invariants_.attempts();
    runUntil(now_ + 1min, true);
    require(driver_.state() == State::Open && invariants_.attempts() == attempt, invariant::kHeals,
            "did not stay open");
  }

  /// How long what began before the network healed may still take to fail: an attempt that nobody answers, a close that
  /// nobody answers, a connection that is a black hole. Where there is no heartbeat, that stays unnoticed.
  Duration longestUntilFree() const {
    const Options& options = plan_.options;
    return options.connectTimeout + options.closeTimeout + options.heartbeat.interval + plan_.awaited +
           options.heartbeat.timeout + options.heartbeat.silence + options.heartbeat.wakeTimeout +
           options.reconnect.maxRetryAfter + 2s;
  }

  Duration longestUntilOpen() const { return plan_.options.reconnect.maxDelay + network_.connectTime(); }

  void wantUp() {
    if (driver_.state() == State::Idle || driver_.state() == State::Closed || !invariants_.wantsUp()) {
      driver_.connect();
    }
  }

  void runUntil(Time end, bool mustStay) {
    for (;;) {
      if (!mustStay) {
        wantUp();
      }
      keepPeerTalking();
      const Time before = now_;
      const std::optional<Time> next = nextEvent();
      if (!next || *next > end) {
        break;
      }
      setTime(std::max(now_, *next));
      happen();
      watchForSpinning(before);
    }
    setTime(end);
  }

  /// Where silence is death, a healthy peer is never silent for long.
  void keepPeerTalking() {
    const Duration silence = plan_.options.heartbeat.silence;
    const Wire* wire = network_.wire();
    if (silence > 0s && wire != nullptr && wire->open && (now_ >= talksAt_ || wire->number != talksOn_)) {
      talksAt_ = now_ + silence / 3;
      talksOn_ = wire->number;
      network_.speak(talksAt_);
    }
  }

  void closeForGood() {
    const std::uint64_t attempts = invariants_.attempts();
    driver_.close(closeCode());
    runUntil(now_ + plan_.options.closeTimeout, true);
    for (int hour = 0; hour < 5; ++hour) {
      runUntil(now_ + 1h, true);
      driver_.hint(dice_.chance(50) ? core::Hint::WokeUp : core::Hint::Online);
      driver_.tick();
    }
    require(driver_.state() == State::Closed && invariants_.attempts() == attempts, invariant::kCloseIsFinal,
            "the client did not stay closed");
  }

  Dice dice_;
  const Plan plan_;
  Coverage& coverage_;
  Trace trace_;
  Agenda agenda_;
  Network network_;
  Invariants invariants_;
  Time now_{1h};
  Driver driver_;
  std::optional<Time> timerFor_;
  std::optional<Time> timer_;
  std::vector<std::uint64_t> opens_;  // That wait for poll().
  unsigned atOnce_ = 0;
  bool healed_ = false;
  Time talksAt_{};
  std::uint64_t talksOn_ = 0;
};

}  // namespace

std::optional<Failure> runSeed(std::uint64_t seed, Coverage& coverage, bool traced) {
  Scenario scenario(seed, coverage, traced);
  try {
    scenario.run();
  } catch (const Violation& violation) {
    return Failure{seed, &violation.broken, violation.detail};
  }
  return std::nullopt;
}

}  // namespace tidewire::simulation
