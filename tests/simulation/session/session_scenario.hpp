#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace tidewire::simulation {

/// What a seed found to be wrong.
struct SessionFailure {
  std::uint64_t seed = 0;
  std::string rule;
  std::string detail;
};

/// How often each thing happened.
using SessionCoverage = std::map<std::string, std::uint64_t>;

/// A session core, a model of the server, and a network and a user that are left to chance.
///
/// Held against it: each subscriber gets every event of its channel once and in order, or one gap in its place; what
/// was published with `ack` was published as often as its outcome says; every call ends once; nothing is sent before
/// its time; and once all is well, everything is where the server stands.
[[nodiscard]] std::optional<SessionFailure> runSession(std::uint64_t seed, SessionCoverage& coverage, bool traced);

}  // namespace tidewire::simulation
