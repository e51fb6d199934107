#include "core/transitions.hpp"

namespace tidewire::core {

std::string_view nameOf(Trigger trigger) noexcept {
  switch (trigger) {
    case Trigger::ConnectCalled:
      return "ConnectCalled";
    case Trigger::HandshakeDone:
      return "HandshakeDone";
    case Trigger::EndedForNow:
      return "EndedForNow";
    case Trigger::EndedForGood:
      return "EndedForGood";
    case Trigger::CloseCalled:
      return "CloseCalled";
    case Trigger::ReconnectRequested:
      return "ReconnectRequested";
    case Trigger::DelayOver:
      return "DelayOver";
  }
  return "?";
}

std::string transitionsDiagram() {
  std::string diagram = "stateDiagram-v2\n  [*] --> Idle\n";
  for (const Transition& row : kTransitions) {
    diagram.append("  ").append(tidewire::nameOf(row.from)).append(" --> ").append(tidewire::nameOf(row.to));
    diagram.append(": ").append(nameOf(row.on)).append("\n");
  }
  return diagram;
}

}  // namespace tidewire::core
