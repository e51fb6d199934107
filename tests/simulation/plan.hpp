#pragma once

#include <chrono>
#include <cstdint>

#include "dice.hpp"
#include "tidewire/options.hpp"

namespace tidewire::simulation {

/// What is fixed for one seed: the client's options, the platform, and how the world is disposed.
struct Plan {
  Options options;
  bool isPage = false;                   ///< No Ping and no pause of reading, as on the web.
  std::chrono::milliseconds awaited{0};  ///< The peer wants to be asked at least this often, as a session's does.
  std::uint64_t connectionSeed = 0;
  unsigned refuses = 0;  ///< Of a hundred attempts, how many the network does not let through.
  unsigned breaks = 0;   ///< Of a hundred steps with a connection, how many end it.
  unsigned calls = 0;    ///< Of a hundred steps, in how many the user does something.
  unsigned closes = 0;   ///< Of a hundred calls of the user, how many are `close()`.

  [[nodiscard]] bool numbersProbes() const { return options.heartbeat.message.ends_with("{n}"); }
  [[nodiscard]] bool canProbe() const { return !isPage || !options.heartbeat.message.empty(); }
};

[[nodiscard]] Plan drawPlan(Dice& dice);

}  // namespace tidewire::simulation
