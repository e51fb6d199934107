#include "core/protocol/phases.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <utility>

namespace tidewire::core::protocol {
namespace {

constexpr std::array kPhases = {Phase::Down, Phase::Greeting, Phase::Up, Phase::Leaving, Phase::Failed};
constexpr std::array kTriggers = {PhaseTrigger::Opened,        PhaseTrigger::WelcomeCame, PhaseTrigger::ErrorCame,
                                  PhaseTrigger::GoAwayCame,    PhaseTrigger::OtherCame,   PhaseTrigger::MalformedCame,
                                  PhaseTrigger::LeaveTimeCame, PhaseTrigger::Ended};
constexpr std::array kMessages = {PhaseTrigger::WelcomeCame, PhaseTrigger::ErrorCame, PhaseTrigger::GoAwayCame,
                                  PhaseTrigger::OtherCame, PhaseTrigger::MalformedCame};

// The text between `begin` and `end`; empty if either is missing.
std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t from = text.find(begin);
  const std::size_t to = text.find(end);
  if (from == std::string::npos || to == std::string::npos) {
    return {};
  }
  return text.substr(from + begin.size(), to - from - begin.size());
}

}  // namespace

TEST_CASE("phases: next() answers as the table stands, and nothing for the rest") {
  std::size_t rows = 0;
  for (const Phase from : kPhases) {
    for (const PhaseTrigger on : kTriggers) {
      const auto matches = [&](const PhaseTransition& each) { return each.from == from && each.on == on; };
      const auto count = std::ranges::count_if(kPhaseTransitions, matches);
      CAPTURE(std::string(nameOf(from)));
      CAPTURE(std::string(nameOf(on)));
      CHECK(count <= 1);
      CHECK(next(from, on).has_value() == (count == 1));
      if (const auto to = next(from, on)) {
        CHECK(*to == std::ranges::find_if(kPhaseTransitions, matches)->to);
        ++rows;
      }
    }
  }
  CHECK(rows == kPhaseTransitions.size());
}

TEST_CASE("phases: the table keeps the rules that stand above it") {
  for (const Phase phase : kPhases) {
    CAPTURE(std::string(nameOf(phase)));
    CHECK(next(phase, PhaseTrigger::Opened).has_value() == (phase == Phase::Down));
    CHECK((phase == Phase::Down || next(phase, PhaseTrigger::Ended) == Phase::Down));
    for (const PhaseTrigger on : kMessages) {
      CAPTURE(std::string(nameOf(on)));
      const bool isRead = phase != Phase::Down && phase != Phase::Failed;
      CHECK(next(phase, on).has_value() == isRead);
      if (isRead && on == PhaseTrigger::MalformedCame) {
        CHECK(next(phase, on) == Phase::Failed);
      }
    }
  }
  CHECK(next(Phase::Leaving, PhaseTrigger::GoAwayCame) == Phase::Leaving);
  for (const PhaseTransition& row : kPhaseTransitions) {
    CHECK((row.to != Phase::Up || row.from == Phase::Up || row.on == PhaseTrigger::WelcomeCame ||
           row.on == PhaseTrigger::LeaveTimeCame));
    CHECK((row.on != PhaseTrigger::WelcomeCame || (row.to == Phase::Up) == (row.from == Phase::Greeting)));
  }
}

TEST_CASE("phases: every phase and trigger has a name of its own") {
  std::set<std::string_view> names;
  for (const Phase phase : kPhases) {
    names.insert(nameOf(phase));
  }
  for (const PhaseTrigger trigger : kTriggers) {
    names.insert(nameOf(trigger));
  }
  CHECK(names.size() == kPhases.size() + kTriggers.size());
}

TEST_CASE("phases: a message is the trigger of its operation") {
  CHECK(triggerOf(Welcome{}) == PhaseTrigger::WelcomeCame);
  CHECK(triggerOf(ErrorHead{}) == PhaseTrigger::ErrorCame);
  CHECK(triggerOf(GoAway{}) == PhaseTrigger::GoAwayCame);
  CHECK(triggerOf(Malformed{}) == PhaseTrigger::MalformedCame);
  for (const ServerHead& head : {ServerHead(Subscribed{}), ServerHead(EventHead{}), ServerHead(Unsubscribed{}),
                                 ServerHead(Ack{}), ServerHead(Reply{}), ServerHead(Pong{}), ServerHead(UnknownOp{})}) {
    CHECK(triggerOf(head) == PhaseTrigger::OtherCame);
  }
}

TEST_CASE("phases: docs/design.md shows the diagram of the table") {
  std::ifstream file(TIDEWIRE_SOURCE_DIR "/docs/design.md");
  REQUIRE_MESSAGE(file.is_open(), "docs/design.md cannot be read");
  std::ostringstream text;
  text << file.rdbuf();
  const std::string expected = "\n```mermaid\n" + phasesDiagram() + "```\n";
  const bool same = between(text.str(), "<!-- phases:begin -->", "<!-- phases:end -->") == expected;
  CHECK_MESSAGE(same, "between <!-- phases:begin --> and <!-- phases:end --> has to stand:" << expected);
}

}  // namespace tidewire::core::protocol
