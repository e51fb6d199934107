#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/transitions.hpp"

namespace tidewire::simulation {

/// What a connection can be told.
enum class Input : std::uint8_t {
  Connect,
  Close,
  Reconnect,
  ProbeNow,
  Enqueue,
  EnqueueFirst,
  OpenReturned,
  EndpointAnswered,
  EndpointFailed,
  WokeUp,
  Online,
  Offline,
  Visible,
  TransportOpened,
  BytesArrived,
  PongArrived,
  AnswerArrived,
  TransportEnded,
  ReadingPaused,
  ReadingResumed,
  Tick,
};

inline constexpr std::array<std::string_view, 21> kInputNames = {"connect()",      "close()",          "reconnect()",
                                                                 "probeNow()",     "enqueue()",        "enqueueFirst()",
                                                                 "openReturned()", "endpoint answers", "endpoint fails",
                                                                 "hint WokeUp",    "hint Online",      "hint Offline",
                                                                 "hint Visible",   "transport opens",  "bytes",
                                                                 "Pong",           "text answer",      "transport ends",
                                                                 "reading pauses", "reading resumes",  "tick"};
inline constexpr std::size_t kStates = 6;

[[nodiscard]] constexpr std::string_view nameOf(Input input) {
  return kInputNames[static_cast<std::size_t>(input)];
}

/// How often each row of the table of transitions happened, and each input came in each state.
struct Coverage {
  std::array<std::uint64_t, core::kTransitions.size()> transitions{};
  std::array<std::array<std::uint64_t, kStates>, kInputNames.size()> inputs{};
  std::uint64_t total = 0;

  void count(State state, Input input) {
    ++inputs[static_cast<std::size_t>(input)][static_cast<std::size_t>(state)];
    ++total;
  }
  void count(State from, core::Trigger on) {
    for (std::size_t row = 0; row < core::kTransitions.size(); ++row) {
      transitions[row] += core::kTransitions[row].from == from && core::kTransitions[row].on == on ? 1 : 0;
    }
  }
};

}  // namespace tidewire::simulation
