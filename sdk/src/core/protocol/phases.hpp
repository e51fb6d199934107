#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/protocol/heads.hpp"

namespace tidewire::core::protocol {

/// How far a session has come on its present connection.
enum class Phase : std::uint8_t {
  Down,      ///< There is no connection.
  Greeting,  ///< `hello` is on its way; `welcome` has not come.
  Up,        ///< Calls are sent.
  Leaving,   ///< The same, until the time that `goaway` set.
  Failed,    ///< The server broke the protocol: the driver closes.
};
enum class PhaseTrigger : std::uint8_t {
  Opened,         ///< The transport is open.
  WelcomeCame,    ///< The server sent `welcome`.
  ErrorCame,      ///< The server sent `error`.
  GoAwayCame,     ///< The server sent `goaway`.
  OtherCame,      ///< The server sent another operation, known or unknown.
  MalformedCame,  ///< The server sent what is no message.
  LeaveTimeCame,  ///< The time that `goaway` set.
  Ended,          ///< The connection has ended.
};

[[nodiscard]] std::string_view nameOf(Phase phase) noexcept;
[[nodiscard]] std::string_view nameOf(PhaseTrigger trigger) noexcept;

struct PhaseTransition {
  Phase from;
  PhaseTrigger on;
  Phase to;
};

// A session's life on one connection. The rules behind it:
//
//  1. A connection begins with Opened and is over with Ended, from wherever that comes.
//  2. Before `welcome` a server sends nothing but `error`. There is one `welcome`. What is malformed is never forgiven.
//  3. Failed is left by the end of the connection only. Until then nothing is sent, and what arrives is dropped.
//  4. The first `goaway` counts; another has no effect until its time has come.
//  5. In Greeting subscriptions and tokens are sent, in Up and Leaving everything, in Down and Failed nothing.
//
// An input that has no row is dropped, in `SessionCore::step`.
inline constexpr std::array kPhaseTransitions = {
    PhaseTransition{Phase::Down, PhaseTrigger::Opened, Phase::Greeting},

    PhaseTransition{Phase::Greeting, PhaseTrigger::WelcomeCame, Phase::Up},
    PhaseTransition{Phase::Greeting, PhaseTrigger::ErrorCame, Phase::Greeting},
    PhaseTransition{Phase::Greeting, PhaseTrigger::GoAwayCame, Phase::Failed},
    PhaseTransition{Phase::Greeting, PhaseTrigger::OtherCame, Phase::Failed},
    PhaseTransition{Phase::Greeting, PhaseTrigger::MalformedCame, Phase::Failed},
    PhaseTransition{Phase::Greeting, PhaseTrigger::Ended, Phase::Down},

    PhaseTransition{Phase::Up, PhaseTrigger::WelcomeCame, Phase::Failed},
    PhaseTransition{Phase::Up, PhaseTrigger::ErrorCame, Phase::Up},
    PhaseTransition{Phase::Up, PhaseTrigger::GoAwayCame, Phase::Leaving},
    PhaseTransition{Phase::Up, PhaseTrigger::OtherCame, Phase::Up},
    PhaseTransition{Phase::Up, PhaseTrigger::MalformedCame, Phase::Failed},
    PhaseTransition{Phase::Up, PhaseTrigger::Ended, Phase::Down},

    PhaseTransition{Phase::Leaving, PhaseTrigger::WelcomeCame, Phase::Failed},
    PhaseTransition{Phase::Leaving, PhaseTrigger::ErrorCame, Phase::Leaving},
    PhaseTransition{Phase::Leaving, PhaseTrigger::GoAwayCame, Phase::Leaving},
    PhaseTransition{Phase::Leaving, PhaseTrigger::OtherCame, Phase::Leaving},
    PhaseTransition{Phase::Leaving, PhaseTrigger::MalformedCame, Phase::Failed},
    PhaseTransition{Phase::Leaving, PhaseTrigger::LeaveTimeCame, Phase::Up},
    PhaseTransition{Phase::Leaving, PhaseTrigger::Ended, Phase::Down},

    PhaseTransition{Phase::Failed, PhaseTrigger::Ended, Phase::Down},
};

/// Where `on` leads from `from`; nothing if the table has no such row.
[[nodiscard]] constexpr std::optional<Phase> next(Phase from, PhaseTrigger on) noexcept {
  for (const PhaseTransition& row : kPhaseTransitions) {
    if (row.from == from && row.on == on) {
      return row.to;
    }
  }
  return std::nullopt;
}

/// The trigger that a message with this head is.
[[nodiscard]] PhaseTrigger triggerOf(const ServerHead& head) noexcept;

/// Whether everything may be sent.
[[nodiscard]] constexpr bool isUp(Phase phase) noexcept {
  return phase == Phase::Up || phase == Phase::Leaving;
}

/// The table as a Mermaid state diagram; `docs/design.md` holds it.
[[nodiscard]] std::string phasesDiagram();

}  // namespace tidewire::core::protocol
