#pragma once

#include "session/session_scenario.hpp"

namespace tidewire::simulation {

/// A session's core and the core of its connection, as a client drives them, against a server that lies (liar.hpp).
///
/// Held against it: whatever the server says, the client does nothing more often than the floors in docs/protocol.md,
/// section 8.1, and never has to act again at once; each call ends once and is sent once for each connection; and each
/// subscriber gets events without a hole between them, or a gap in its place.
[[nodiscard]] std::optional<SessionFailure> runAgainstLiar(std::uint64_t seed, SessionCoverage& coverage, bool traced);

}  // namespace tidewire::simulation
