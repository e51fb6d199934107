#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "input.hpp"
#include "invariants.hpp"

namespace tidewire::simulation {

/// What went wrong in a seed.
struct Failure {
  std::uint64_t seed;
  const Invariant* broken;
  std::string detail;
};

/// Runs one seed: some hundred inputs of chaos, then a healed network and a user who wants a connection, then a last
/// close() and hours of quiet. `traced`: every input and action is printed.
[[nodiscard]] std::optional<Failure> runSeed(std::uint64_t seed, Coverage& coverage, bool traced);

}  // namespace tidewire::simulation
