#include "core/connection.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "driven_connection.hpp"

namespace tidewire::core::test {
namespace {

using namespace std::chrono_literals;
constexpr std::array kStates = {State::Idle,    State::Connecting, State::Open,
                                State::Closing, State::Waiting,    State::Closed};

constexpr auto kNoAction = Path{};

// Every input, and where it leads from each state. What leads nowhere has to be dropped without any action.
struct InputRow {
  std::string name;
  std::function<void(DrivenConnection&)> give;
  std::vector<std::pair<State, Path>> leads;
};

const std::vector<InputRow>& inputTable() {
  static const std::vector<InputRow> table = {
      {"connect()",
       [](auto& driven) { driven.connect(); },
       {{State::Idle, {State::Connecting}}, {State::Closed, {State::Connecting}}}},
      {"close()",
       [](auto& driven) { driven.close(); },
       {{State::Connecting, {State::Closed}}, {State::Open, {State::Closing}}, {State::Waiting, {State::Closed}}}},
      {"reconnect()",
       [](auto& driven) { driven.reconnect(); },
       {{State::Connecting, {State::Waiting, State::Connecting}},
        {State::Open, {State::Waiting, State::Connecting}},
        {State::Waiting, {State::Connecting}}}},
      {"the handshake succeeds", [](auto& driven) { driven.opened(); }, {{State::Connecting, {State::Open}}}},
      {"an end that may be tried again",
       [](auto& driven) { driven.ended(); },
       {{State::Connecting, {State::Waiting}}, {State::Open, {State::Waiting}}, {State::Closing, {State::Closed}}}},
      {"an end for good",
       [](auto& driven) { driven.ended({.cause = CloseCause::MessageTooBig, .code = 1009}); },
       {{State::Connecting, {State::Closed}}, {State::Open, {State::Closed}}, {State::Closing, {State::Closed}}}},
      {"the state has lasted too long",
       [](auto& driven) {
         // Shorter than the heartbeat's interval, longer than everything else.
         driven.passAndTick(22s);
       },
       {{State::Connecting, {State::Waiting}},
        {State::Closing, {State::Closed}},
        {State::Waiting, {State::Connecting}}}},
      {"a tick before anything is due", [](auto& driven) { driven.tick(); }, {}},
      {"bytes", [](auto& driven) { driven.bytesArrived(); }, {}},
      {"a Pong that nobody asked for", [](auto& driven) { driven.pongArrived({}); }, {}},
      {"an answer that nobody asked for", [](auto& driven) { driven.answerArrived(); }, {}},
      {"a pause of reading", [](auto& driven) { driven.readingPaused(true); }, {}},
      {"the end of a pause", [](auto& driven) { driven.readingPaused(false); }, {}},
      {"a message to send", [](auto& driven) { driven.enqueue(1); }, {}},
      {"a message that onOpen sends", [](auto& driven) { driven.enqueueFirst(2); }, {}},
      {"the return of onOpen", [](auto& driven) { driven.openReturned(); }, {}},
      {"an answer of the endpoint function that is over", [](auto& driven) { driven.endpointAnswered(); }, {}},
      {"a failure of the endpoint function that is over", [](auto& driven) { driven.endpointFailed(1); }, {}},
  };
  return table;
}

// What else may happen; it leads to actions, but by itself to no other state.
const std::vector<InputRow>& sideInputs() {
  static const std::vector<InputRow> table = {
      {"a wake-up", [](auto& driven) { driven.hint(Hint::WokeUp); }, {}},
      {"the network's return", [](auto& driven) { driven.hint(Hint::Online); }, {}},
      {"a probe", [](auto& driven) { driven.probeNow(); }, {}},
      {"a probe that was handed over", [](auto& driven) { driven.probeHandedOver(true); }, {}},
      {"an answer of the endpoint function", [](auto& driven) { driven.endpointAnswered(); }, {}},
      {"a failure of it", [](auto& driven) { driven.endpointFailed(driven.connection().attempt()); }, {}},
      {"too many messages", [](auto& driven) { driven.trimQueue(); }, {}},
      {"an end that refuses the credentials",
       [](auto& driven) { driven.ended({.cause = CloseCause::HandshakeRefused, .httpStatus = 401}); },
       {}},
  };
  return table;
}

// Every option that leads somewhere else, in turn.
Options optionsOfLife(std::uint64_t seed) {
  Options options{.reconnect = {.finalCodes = {4001}}};
  if (seed % 3 == 0) {
    options.endpoint = someEndpoint();
  }
  if (seed % 4 == 1) {
    options.sendQueue = {.maxMessages = 5, .maxAge = 2s};
    options.heartbeat.onWake = OnWake::Reconnect;
  }
  if (seed % 7 == 2) {
    options.reconnect.maxAttempts = 3;
    options.heartbeat.silence = 20s;
  }
  return options;
}

Path expectedPath(const InputRow& row, State from) {
  for (const auto& [state, path] : row.leads) {
    if (state == from) {
      return path;
    }
  }
  return kNoAction;
}

Options waitingLong() {
  Options options;
  // Jitter may make it anything up to this; ticks that should come before the end of the wait take no time.
  options.reconnect = {.firstDelay = 20s, .maxDelay = 20s};
  return options;
}

}  // namespace

TEST_CASE("connection: each input in each state follows the table, or is dropped without an action") {
  for (const InputRow& row : inputTable()) {
    for (const State from : kStates) {
      CAPTURE(row.name);
      CAPTURE(std::string(nameOf(from)));
      DrivenConnection driven(waitingLong());
      driven.goTo(from);
      row.give(driven);
      CHECK(driven.path() == expectedPath(row, from));
      CHECK(driven.actions().empty() == expectedPath(row, from).empty());
    }
  }
}

TEST_CASE("connection: a heartbeat outside Open is dropped without an action") {
  for (const State from : {State::Idle, State::Connecting, State::Closing, State::Waiting, State::Closed}) {
    CAPTURE(std::string(nameOf(from)));
    DrivenConnection driven(waitingLong());
    driven.goTo(from);
    driven.probeNow();
    CHECK(driven.actions().empty());
  }
}

TEST_CASE("connection: every row of the table of transitions happens") {
  std::set<std::pair<State, State>> happened;
  for (const InputRow& row : inputTable()) {
    for (const State from : kStates) {
      DrivenConnection driven(waitingLong());
      driven.goTo(from);
      row.give(driven);
      for (const StateChange& change : driven.all<StateChange>()) {
        happened.insert({change.from, change.to});
      }
    }
  }
  for (const Transition& row : kTransitions) {
    CAPTURE(std::string(nameOf(row.from)));
    CAPTURE(std::string(nameOf(row.to)));
    CHECK(happened.contains({row.from, row.to}));
  }
}

TEST_CASE("connection: a successful attempt is reported with the results of the handshake") {
  DrivenConnection driven;
  driven.connect();
  CHECK(driven.all<Dial>().size() == 1);
  driven.pass(130ms);
  driven.opened("chat");
  const Opened opened = driven.only<Opened>();
  CHECK(opened.subprotocol == "chat");
  CHECK(opened.attempt == 1);
  CHECK(opened.reconnects == 0);
  CHECK(opened.handshakeTime == 130ms);
}

TEST_CASE("connection: the state changes before the open or close event") {
  DrivenConnection driven;
  driven.connect();
  CHECK(std::holds_alternative<StateChange>(driven.actions().front()));
  driven.opened();
  CHECK(std::holds_alternative<StateChange>(driven.actions()[0]));
  CHECK(std::holds_alternative<Opened>(driven.actions()[1]));
  driven.ended();
  CHECK(std::holds_alternative<Abort>(driven.actions()[0]));
  CHECK(std::holds_alternative<StateChange>(driven.actions()[1]));
  CHECK(std::holds_alternative<CloseInfo>(driven.actions()[2]));
}

TEST_CASE("connection: a close event carries what the transport reported") {
  DrivenConnection driven;
  driven.connect();
  driven.ended({.cause = CloseCause::HandshakeRefused, .code = 1006, .detail = "not now", .httpStatus = 503});
  const CloseInfo refused = driven.only<CloseInfo>();
  CHECK(refused.cause == CloseCause::HandshakeRefused);
  CHECK(refused.httpStatus == 503);
  CHECK(refused.detail == "not now");
  CHECK_FALSE(refused.wasOpen);
  CHECK(refused.attempt == 1);

  driven.untilDeadline();
  driven.opened();
  driven.ended({.cause = CloseCause::ClosedByPeer, .code = 4001, .reason = "tides turn"});
  const CloseInfo closed = driven.only<CloseInfo>();
  CHECK(closed.cause == CloseCause::ClosedByPeer);
  CHECK(closed.code == 4001);
  CHECK(closed.reason == "tides turn");
  CHECK(closed.wasOpen);
  CHECK(closed.attempt == 2);
}

TEST_CASE("connection: attempts and connections are counted") {
  DrivenConnection driven;
  driven.connect();
  for (std::uint64_t i = 0; i < 5; ++i) {
    driven.opened();
    CHECK(driven.only<Opened>().reconnects == i);
    driven.ended();
    driven.untilDeadline();
    driven.ended({.cause = CloseCause::ConnectFailed});
    CHECK(driven.only<CloseInfo>().attempt == 2 * i + 2);
    driven.untilDeadline();
  }
}

TEST_CASE("connect timeout: an attempt that is not open in time is given up, and tried again") {
  DrivenConnection driven({.connectTimeout = 15s});
  driven.connect();
  CHECK(driven.connection().deadline() == driven.now() + 15s);
  driven.passAndTick(15s - 1ns);
  CHECK(driven.actions().empty());
  driven.passAndTick(1ns);
  CHECK(driven.only<CloseInfo>().cause == CloseCause::ConnectTimeout);
  CHECK(driven.only<CloseInfo>().code == 1006);
  CHECK(driven.only<CloseInfo>().willRetry);
  CHECK(driven.state() == State::Waiting);
}

TEST_CASE("connect timeout: it starts anew with each attempt") {
  DrivenConnection driven({.connectTimeout = 15s});
  driven.connect();
  driven.untilDeadline();
  driven.untilDeadline();
  CHECK(driven.state() == State::Connecting);
  CHECK(driven.connection().deadline() == driven.now() + 15s);
}

TEST_CASE("close timeout: a closing handshake that takes too long is cut") {
  DrivenConnection driven({.closeTimeout = 5s});
  driven.goTo(State::Open);
  driven.close(4000, "done");
  CHECK(driven.connection().deadline() == driven.now() + 5s);
  (void)driven.send();
  driven.passAndTick(5s - 1ns);
  CHECK(driven.actions().empty());
  driven.passAndTick(1ns);
  CHECK(driven.only<CloseInfo>().cause == CloseCause::ClosedByUser);
  CHECK(driven.only<CloseInfo>().code == 1006);
  CHECK_FALSE(driven.only<CloseInfo>().willRetry);
  CHECK(driven.connection().deadline() == std::nullopt);
}

TEST_CASE("close: while connecting, the attempt ends as the user's") {
  DrivenConnection driven;
  driven.connect();
  driven.enqueue(1);
  driven.close(4000, "done");
  CHECK(driven.all<Abort>().size() == 1);
  CHECK(driven.only<CloseInfo>().cause == CloseCause::ClosedByUser);
  CHECK(driven.only<CloseInfo>().droppedMessages == 1);
  CHECK(driven.connection().deadline() == std::nullopt);
}

TEST_CASE("connect: after the final close, the next connection's close knows nothing of the last") {
  DrivenConnection driven;
  driven.goTo(State::Open);
  driven.enqueue(1);
  driven.close(4000, "first");
  driven.ended();
  driven.connect();
  driven.opened();
  CHECK(driven.send() == Names{});
  driven.close(4001, "second");
  (void)driven.send();
  CHECK(driven.only<SendClose>().code == 4001);
}

TEST_CASE("reconnect: an open connection is cut, and the next attempt begins without a wait") {
  DrivenConnection driven;
  driven.goTo(State::Open);
  driven.enqueue(1);
  driven.reconnect();
  CHECK(driven.path() == Path{State::Waiting, State::Connecting});
  const CloseInfo info = driven.only<CloseInfo>();
  CHECK(info.cause == CloseCause::ReconnectRequested);
  CHECK(info.wasOpen);
  CHECK(info.willRetry);
  CHECK(info.retryIn == 0ms);
  CHECK(driven.all<Dial>().size() == 1);
  CHECK(driven.connection().queue().count() == 1);
}

TEST_CASE("reconnect: it works without automatic reconnecting too") {
  DrivenConnection driven({.reconnect = {.enabled = false}});
  driven.goTo(State::Open);
  driven.reconnect();
  CHECK(driven.state() == State::Connecting);
  driven.ended();
  CHECK(driven.state() == State::Closed);
}

TEST_CASE("reconnect: while connecting, the attempt is replaced by another") {
  DrivenConnection driven;
  driven.connect();
  driven.reconnect();
  CHECK(driven.only<CloseInfo>().cause == CloseCause::ReconnectRequested);
  CHECK_FALSE(driven.only<CloseInfo>().wasOpen);
  CHECK(driven.all<Dial>().size() == 1);
}

TEST_CASE("reconnect: a wait ends at once, without a further close event") {
  DrivenConnection driven(waitingLong());
  driven.goTo(State::Waiting);
  driven.reconnect();
  CHECK(driven.path() == Path{State::Connecting});
  CHECK(driven.all<CloseInfo>().empty());
}

TEST_CASE("life: whatever happens in whatever order, the rules of every attempt hold") {
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    DrivenConnection driven(optionsOfLife(seed), seed % 2 == 0, seed);
    if (seed % 5 == 0) {
      driven.onOpenTakesTime();
    }
    for (int step = 0; step < 200; ++step) {
      if (random.next() % 3 == 0 && driven.connection().deadline()) {
        driven.untilDeadline();
      } else {
        // The rules are checked after each input.
        const auto& table = random.next() % 3 == 0 ? sideInputs() : inputTable();
        table[random.next() % table.size()].give(driven);
        (void)driven.send(random.next() % 3);
      }
      driven.pass(random.upTo(1s));
    }
  }
}

}  // namespace tidewire::core::test
