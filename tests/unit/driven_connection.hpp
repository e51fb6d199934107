#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/connection.hpp"

namespace tidewire::core::test {

/// Holds every action of a connection against what is promised for all of them: an attempt begins in Connecting, with a
/// Dial, or with a probe where to, which a Dial follows. It has a transport from then until its Abort, and ends in
/// exactly one close event, which is its last. What an end for good drops is told before it.
class LifeRules {
 public:
  void check(const Action& action) {
    std::visit([this](const auto& alternative) { follow(alternative); }, action);
  }

  /// Between inputs.
  void checkSettled(State state) const {
    CHECK(state == state_);
    CHECK(attemptRuns_ == (state_ == State::Connecting || state_ == State::Open || state_ == State::Closing));
    CHECK(hasTransport_ == (attemptRuns_ && !asksWhereTo_));
  }

 private:
  void follow(const StateChange& change) {
    CHECK(change.from == state_);
    bool inTable = false;
    for (const Transition& row : kTransitions) {
      inTable = inTable || (row.from == change.from && row.to == change.to);
    }
    CHECK(inTable);
    state_ = change.to;
  }
  void follow(const RequestEndpoint& probe) {
    beginAttempt();
    CHECK(probe.attempt == attempt_);
    CHECK((!probe.lastClose || probe.lastClose->attempt == attempt_ - 1));
    asksWhereTo_ = true;
  }
  void follow(const Dial&) {
    if (!asksWhereTo_) {
      beginAttempt();
    }
    CHECK(state_ == State::Connecting);
    asksWhereTo_ = false;
    hasTransport_ = true;
  }
  void beginAttempt() {
    CHECK(state_ == State::Connecting);
    CHECK_FALSE(attemptRuns_);
    attemptRuns_ = true;
    wasOpen_ = false;
    closeSent_ = false;
    droppedAtTheEnd_.reset();
    ++attempt_;
  }
  void follow(const Abort&) {
    CHECK((hasTransport_ || asksWhereTo_));
    hasTransport_ = false;
    asksWhereTo_ = false;
  }
  void follow(const Opened& opened) {
    CHECK(hasTransport_);
    CHECK(state_ == State::Open);
    CHECK(opened.attempt == attempt_);
    CHECK(opened.reconnects == timesOpen_++);
    wasOpen_ = true;
  }
  void follow(const CloseInfo& info) {
    CHECK(attemptRuns_);
    CHECK_FALSE(hasTransport_);
    CHECK((state_ == State::Waiting || state_ == State::Closed));
    CHECK(info.willRetry == (state_ == State::Waiting));
    CHECK(info.attempt == attempt_);
    CHECK(info.wasOpen == wasOpen_);
    CHECK((info.willRetry || info.retryIn == std::chrono::milliseconds(0)));
    CHECK(droppedAtTheEnd_.has_value() == !info.willRetry);
    CHECK(info.droppedMessages == droppedAtTheEnd_.value_or(0));
    CHECK((info.wasOpen || info.unconfirmedMessages == 0));
    CHECK((!info.neverOpened || (!info.wasOpen && attempt_ >= 3)));
    attemptRuns_ = false;
  }
  void follow(const Dropped& dropped) {
    if (dropped.reason != DropReason::Closed) {
      CHECK(dropped.messages > 0);
      return;
    }
    CHECK(state_ == State::Closed);
    CHECK_FALSE(hasTransport_);
    CHECK_FALSE(droppedAtTheEnd_.has_value());
    if (attemptRuns_) {
      droppedAtTheEnd_ = dropped.messages;
    }
  }
  void follow(const SendPing&) { checkOpen(); }
  void follow(const SendProbeText&) { checkOpen(); }
  void follow(const Reassure&) { checkOpen(); }
  void follow(const HeartbeatInfo& info) {
    checkOpen();
    CHECK(info.roundTrips.last == info.roundTrip);
    CHECK(info.roundTrips.min <= info.roundTrip);
    CHECK(info.roundTrips.min <= info.roundTrips.smoothed);
  }
  void follow(const SendClose&) {
    CHECK(state_ == State::Closing);
    CHECK(hasTransport_);
    CHECK_FALSE(closeSent_);
    closeSent_ = true;
  }
  void checkOpen() const {
    CHECK(state_ == State::Open);
    CHECK(hasTransport_);
  }

  State state_ = State::Idle;
  bool attemptRuns_ = false;
  bool asksWhereTo_ = false;
  bool hasTransport_ = false;
  bool wasOpen_ = false;
  bool closeSent_ = false;
  std::uint64_t attempt_ = 0;
  std::uint64_t timesOpen_ = 0;
  std::optional<std::size_t> droppedAtTheEnd_;
};

using Names = std::vector<std::uintptr_t>;
using Path = std::vector<State>;

/// An endpoint function as the core sees it: there is one, and its answers are inputs.
inline Callback<EndpointRequest> someEndpoint() {
  return [](const EndpointRequest&) {};
}

/// A connection whose time a test turns by hand. Every input is followed by taking every action, as whoever drives a
/// connection has to, and every action is held against the rules.
class DrivenConnection {
 public:
  explicit DrivenConnection(Options options = {}, bool sendsPings = true, std::uint64_t seed = 1)
      : options_(std::move(options)), connection_(options_, sendsPings, seed) {}
  DrivenConnection(const DrivenConnection&) = delete;
  DrivenConnection& operator=(const DrivenConnection&) = delete;

  // Inputs. Each forgets the actions of the one before.

  void connect() {
    input([this] { connection_.connect(now_); });
  }
  void close(std::uint16_t code = 1000, std::string_view reason = {}) {
    input([&] { connection_.close(now_, code, reason); });
  }
  void reconnect() {
    input([this] { connection_.reconnect(now_); });
  }
  void probeNow() {
    input([this] { connection_.probeNow(now_); });
  }
  /// The handshake succeeds, and `onOpen` returns at once, unless `onOpenTakesTime`.
  void opened(std::string_view subprotocol = {}, const HandshakeTimes& times = {}) {
    input([&] {
      // Where it is not known yet where to, there is no transport that could open.
      if (!connection_.awaitsEndpoint(connection_.attempt())) {
        connection_.transportOpened(now_, subprotocol, times);
      }
    });
    if (!onOpenTakesTime_) {
      connection_.openReturned(connection_.attempt());
    }
  }
  /// From now on only `openReturned` tells that `onOpen` has returned.
  void onOpenTakesTime() { onOpenTakesTime_ = true; }
  void openReturned(std::uint64_t attempt) {
    input([&] { connection_.openReturned(attempt); });
  }
  void openReturned() { openReturned(connection_.attempt()); }
  void endpointAnswered(std::uint64_t attempt) {
    input([&] { connection_.endpointAnswered(now_, attempt); });
  }
  void endpointAnswered() { endpointAnswered(connection_.attempt()); }
  void endpointFailed(std::uint64_t attempt, std::string_view why = {}) {
    input([&] { connection_.endpointFailed(now_, attempt, why); });
  }
  void hint(Hint hint) {
    input([&] { connection_.hint(now_, hint); });
  }
  void ended(Ending ending = {}) {
    input([&] { connection_.transportEnded(now_, ending); });
  }
  void bytesArrived() {
    input([this] { connection_.bytesArrived(now_); });
  }
  void pongArrived(std::span<const std::byte> payload) {
    input([&] {
      connection_.bytesArrived(now_);
      connection_.pongArrived(now_, payload);
    });
  }
  /// Returns whether it was an answer.
  bool answerArrived(std::string_view text = "pong") {
    bool taken = false;
    input([&] {
      connection_.bytesArrived(now_);
      taken = connection_.answerArrived(now_, text);
    });
    return taken;
  }
  void readingPaused(bool paused) {
    input([&] { connection_.readingPaused(now_, paused); });
  }
  void tick() {
    input([this] { connection_.tick(now_); });
  }
  void enqueue(std::uintptr_t name, std::size_t sizeBytes = 1) {
    input([&] { connection_.enqueue(now_, message(name, sizeBytes)); });
  }
  void enqueueFirst(std::uintptr_t name, std::size_t sizeBytes = 1) {
    input([&] { connection_.enqueueFirst(now_, message(name, sizeBytes)); });
  }
  void trimQueue() {
    input([this] { connection_.trimQueue(); });
  }
  /// The transport takes so many messages that were never queued.
  void handedOver(std::size_t messages) {
    input([&] { connection_.handedOver(messages); });
  }
  void probeHandedOver(bool last) {
    input([&] { connection_.probeHandedOver(last); });
  }
  /// Offers the transport room for `most` messages, and returns the names of those that were taken.
  std::vector<std::uintptr_t> send(std::size_t most = 1000) {
    std::vector<std::uintptr_t> names;
    input([&] {
      while (names.size() < most) {
        const std::optional<Outgoing> message = connection_.takeOutgoing(now_);
        if (!message) {
          break;
        }
        names.push_back(message->payload.handle());
      }
    });
    return names;
  }

  // Time.

  [[nodiscard]] Time now() const { return now_; }
  void pass(Duration duration) { now_ += duration; }
  void passAndTick(Duration duration) {
    pass(duration);
    tick();
  }
  /// Goes on to the deadline, which there has to be.
  void untilDeadline() {
    REQUIRE(connection_.deadline());
    now_ = std::max(now_, *connection_.deadline());
    tick();
  }

  /// Brings a new connection to `state`.
  void goTo(State state) {
    if (state == State::Idle) {
      return;
    }
    connect();
    if (connection_.awaitsEndpoint(connection_.attempt())) {
      endpointAnswered();
    }
    if (state == State::Open || state == State::Closing) {
      opened();
    }
    if (state == State::Closing) {
      close();
    }
    if (state == State::Waiting) {
      ended({.cause = CloseCause::ConnectFailed});
    }
    if (state == State::Closed) {
      close();
    }
    REQUIRE(connection_.state() == state);
  }

  // What came of it.

  [[nodiscard]] const Connection& connection() const { return connection_; }
  [[nodiscard]] State state() const { return connection_.state(); }
  /// The actions of the last input.
  [[nodiscard]] const std::vector<Action>& actions() const { return actions_; }
  /// The states that the last input led to, one after the other.
  [[nodiscard]] std::vector<State> path() const {
    std::vector<State> states;
    for (const StateChange& change : all<StateChange>()) {
      states.push_back(change.to);
    }
    return states;
  }
  /// The last input's actions of one type.
  template <class Type>
  [[nodiscard]] std::vector<Type> all() const {
    std::vector<Type> found;
    for (const Action& action : actions_) {
      if (const Type* each = std::get_if<Type>(&action)) {
        found.push_back(*each);
      }
    }
    return found;
  }
  /// The one action of its type.
  template <class Type>
  [[nodiscard]] Type only() const {
    const std::vector<Type> found = all<Type>();
    REQUIRE(found.size() == 1);
    return found.front();
  }

 private:
  static Outgoing message(std::uintptr_t name, std::size_t sizeBytes) {
    return {.sizeBytes = sizeBytes, .payload = Payload(nullptr, name, nullptr)};
  }

  template <class Input>
  void input(Input give) {
    actions_.clear();
    give();
    while (std::optional<Action> action = connection_.takeAction()) {
      rules_.check(*action);
      actions_.push_back(std::move(*action));
    }
    rules_.checkSettled(connection_.state());
  }

  const Options options_;
  Connection connection_;
  Time now_{std::chrono::hours(1)};
  bool onOpenTakesTime_ = false;
  LifeRules rules_;
  std::vector<Action> actions_;
};

}  // namespace tidewire::core::test
