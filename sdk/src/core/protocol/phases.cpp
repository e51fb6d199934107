#include "core/protocol/phases.hpp"

#include <variant>

namespace tidewire::core::protocol {

std::string_view nameOf(Phase phase) noexcept {
  constexpr std::string_view kNames[] = {"Down", "Greeting", "Up", "Leaving", "Failed"};
  return kNames[static_cast<std::size_t>(phase)];
}

std::string_view nameOf(PhaseTrigger trigger) noexcept {
  constexpr std::string_view kNames[] = {"Opened",    "WelcomeCame",   "ErrorCame",     "GoAwayCame",
                                         "OtherCame", "MalformedCame", "LeaveTimeCame", "Ended"};
  return kNames[static_cast<std::size_t>(trigger)];
}

PhaseTrigger triggerOf(const ServerHead& head) noexcept {
  if (std::holds_alternative<Welcome>(head)) {
    return PhaseTrigger::WelcomeCame;
  }
  if (std::holds_alternative<ErrorHead>(head)) {
    return PhaseTrigger::ErrorCame;
  }
  if (std::holds_alternative<GoAway>(head)) {
    return PhaseTrigger::GoAwayCame;
  }
  return std::holds_alternative<Malformed>(head) ? PhaseTrigger::MalformedCame : PhaseTrigger::OtherCame;
}

std::string phasesDiagram() {
  std::string diagram = "stateDiagram-v2\n  [*] --> Down\n";
  for (const PhaseTransition& row : kPhaseTransitions) {
    diagram.append("  ").append(nameOf(row.from)).append(" --> ").append(nameOf(row.to));
    diagram.append(": ").append(nameOf(row.on)).append("\n");
  }
  return diagram;
}

}  // namespace tidewire::core::protocol
