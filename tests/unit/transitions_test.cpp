#include "core/transitions.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace tidewire::core {
namespace {

constexpr std::array kStates = {State::Idle,    State::Connecting, State::Open,
                                State::Closing, State::Waiting,    State::Closed};
constexpr std::array kTriggers = {Trigger::ConnectCalled, Trigger::HandshakeDone, Trigger::EndedForNow,
                                  Trigger::EndedForGood,  Trigger::CloseCalled,   Trigger::ReconnectRequested,
                                  Trigger::DelayOver};

// What stands between `begin` and `end`; empty if either is missing.
std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t from = text.find(begin);
  const std::size_t to = text.find(end);
  if (from == std::string::npos || to == std::string::npos) {
    return {};
  }
  return text.substr(from + begin.size(), to - from - begin.size());
}

}  // namespace

TEST_CASE("transitions: no state is left twice by the same trigger") {
  std::set<std::pair<State, Trigger>> seen;
  for (const Transition& row : kTransitions) {
    CAPTURE(std::string(tidewire::nameOf(row.from)));
    CAPTURE(std::string(nameOf(row.on)));
    CHECK(seen.insert({row.from, row.on}).second);
  }
}

TEST_CASE("transitions: next() answers as the table stands, and nothing for the rest") {
  std::size_t rows = 0;
  for (const State from : kStates) {
    for (const Trigger on : kTriggers) {
      const auto row = std::ranges::find_if(kTransitions,
                                            [&](const Transition& each) { return each.from == from && each.on == on; });
      const std::optional<State> to = next(from, on);
      CHECK(to.has_value() == (row != kTransitions.end()));
      if (to) {
        CHECK(*to == row->to);
        ++rows;
      }
    }
  }
  CHECK(rows == kTransitions.size());
}

TEST_CASE("transitions: the table keeps the rules that stand above it") {
  const std::set<State> withTransport = {State::Connecting, State::Open, State::Closing};
  for (const Transition& row : kTransitions) {
    CAPTURE(std::string(tidewire::nameOf(row.from)));
    CAPTURE(std::string(nameOf(row.on)));
    if (row.to == State::Connecting) {
      CHECK_FALSE(withTransport.contains(row.from));
    }
    if (withTransport.contains(row.from) && !withTransport.contains(row.to)) {
      CHECK((row.to == State::Waiting || row.to == State::Closed));
    }
    if (row.from == State::Closed) {
      CHECK(row.on == Trigger::ConnectCalled);
    }
    if (row.from == State::Waiting && row.to == State::Connecting) {
      CHECK(row.on == Trigger::DelayOver);
    }
    CHECK(row.to != State::Idle);
  }
}

TEST_CASE("transitions: every state but the first can be reached") {
  std::set<State> reached = {State::Idle};
  for (std::size_t round = 0; round < kStates.size(); ++round) {
    for (const Transition& row : kTransitions) {
      if (reached.contains(row.from)) {
        reached.insert(row.to);
      }
    }
  }
  CHECK(reached.size() == kStates.size());
}

TEST_CASE("transitions: every state and trigger has a name of its own") {
  std::set<std::string_view> names;
  for (const State state : kStates) {
    names.insert(tidewire::nameOf(state));
  }
  for (const Trigger trigger : kTriggers) {
    names.insert(nameOf(trigger));
  }
  CHECK(names.size() == kStates.size() + kTriggers.size());
  CHECK_FALSE(names.contains("?"));
}

TEST_CASE("transitions: docs/design.md shows the diagram of the table") {
  std::ifstream file(TIDEWIRE_SOURCE_DIR "/docs/design.md");
  REQUIRE_MESSAGE(file.is_open(), "docs/design.md cannot be read");
  std::ostringstream text;
  text << file.rdbuf();
  const std::string expected = "\n```mermaid\n" + transitionsDiagram() + "```\n";
  const bool same = between(text.str(), "<!-- states:begin -->", "<!-- states:end -->") == expected;
  CHECK_MESSAGE(same, "between <!-- states:begin --> and <!-- states:end --> has to stand:" << expected);
}

}  // namespace tidewire::core
