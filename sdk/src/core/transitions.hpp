#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tidewire/events.hpp"

namespace tidewire::core {

/// Triggers of a transition.
enum class Trigger : std::uint8_t {
  ConnectCalled,       ///< connect()
  HandshakeDone,       ///< The transport is open.
  EndedForNow,         ///< The attempt ended; another follows.
  EndedForGood,        ///< The attempt ended; none follows.
  CloseCalled,         ///< close()
  ReconnectRequested,  ///< reconnect()
  DelayOver,           ///< The wait before the next attempt is over.
};

[[nodiscard]] std::string_view nameOf(Trigger trigger) noexcept;

struct Transition {
  State from;
  Trigger on;
  State to;
};

// The life of a connection. Its rules:
//
//  1. An attempt begins on entry into Connecting and nowhere else.
//  2. Open and Closing have exactly one transport, Connecting too once it is known where to; the other states have
//  none.
//  3. Leaving the three for Waiting or Closed ends the attempt, with exactly one close event.
//  4. Waiting is the only state from which an attempt begins without being asked for; reconnect() passes through it.
//  5. The user's close() leads to Closed from everywhere, and nothing leads out of Closed but connect().
//
// Other transitions cannot happen: `Connection` drops or defers such an input before it gets here.
inline constexpr std::array kTransitions = {
    Transition{State::Idle, Trigger::ConnectCalled, State::Connecting},

    Transition{State::Connecting, Trigger::HandshakeDone, State::Open},
    Transition{State::Connecting, Trigger::EndedForNow, State::Waiting},
    Transition{State::Connecting, Trigger::EndedForGood, State::Closed},
    Transition{State::Connecting, Trigger::CloseCalled, State::Closed},
    Transition{State::Connecting, Trigger::ReconnectRequested, State::Waiting},

    Transition{State::Open, Trigger::EndedForNow, State::Waiting},
    Transition{State::Open, Trigger::EndedForGood, State::Closed},
    Transition{State::Open, Trigger::CloseCalled, State::Closing},
    Transition{State::Open, Trigger::ReconnectRequested, State::Waiting},

    Transition{State::Closing, Trigger::EndedForGood, State::Closed},

    Transition{State::Waiting, Trigger::DelayOver, State::Connecting},
    Transition{State::Waiting, Trigger::CloseCalled, State::Closed},

    Transition{State::Closed, Trigger::ConnectCalled, State::Connecting},
};

/// The state to which `on` leads from `from`; empty if the table has no such row.
[[nodiscard]] constexpr std::optional<State> next(State from, Trigger on) noexcept {
  for (const Transition& row : kTransitions) {
    if (row.from == from && row.on == on) {
      return row.to;
    }
  }
  return std::nullopt;
}

/// The table as a Mermaid state diagram; `docs/design.md` holds it.
[[nodiscard]] std::string transitionsDiagram();

}  // namespace tidewire::core
