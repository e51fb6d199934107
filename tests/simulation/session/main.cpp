// A session's core under virtual time: seeds of random networks, servers and users, held against the invariants of
// `session_scenario.hpp` and `lying_scenario.hpp`. `--help` tells what it takes.
//
// Exits 1 if an invariant did not hold, something hardly ever happened, or a planted fault was not found.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

#include "session/lying_scenario.hpp"
#include "session/session_scenario.hpp"
#ifdef TIDEWIRE_PLANTED_FAULTS
#include "core/protocol/planted.hpp"
#endif

namespace tidewire::simulation {
namespace {

// How often each thing has to happen in a run of this many seeds or more.
constexpr std::uint64_t kSeedsThatCover = 10'000;
constexpr std::uint64_t kLeastTimes = 100;
constexpr const char* kThatHappen[] = {"event",
                                       "event, some skipped",
                                       "gap",
                                       "gap of another epoch",
                                       "answered",
                                       "subscription ended",
                                       "welcomed",
                                       "welcomed, resumed",
                                       "ack Published",
                                       "ack Refused",
                                       "ack Unknown",
                                       "ack NotSent",
                                       "reply",
                                       "request: timeout",
                                       "request: connection-lost",
                                       "request: unknown-method",
                                       "request: cancelled",
                                       "request: closed",
                                       "closed 1001",
                                       "closed 4002",
                                       "leave",
                                       "pong",
                                       "omit",
                                       "welcomed by a liar",
                                       "a liar is called one",
                                       "a liar is left",
                                       "a liar's gap",
                                       "a liar's gap of another epoch",
                                       "a liar gets a publish",
                                       "a liar gets a request"};

struct Settings {
  std::string program;
  std::optional<std::uint64_t> seed = {};
  std::uint64_t seeds = 10'000;
  std::uint64_t from = 1;
};

/// A server that keeps to the protocol, and one that lies.
std::optional<SessionFailure> runSeed(std::uint64_t seed, SessionCoverage& coverage, bool traced) {
  auto failure = runSession(seed, coverage, traced);
  return failure ? std::move(failure) : runAgainstLiar(seed, coverage, traced);
}

std::optional<SessionFailure> runSeeds(const Settings& settings, SessionCoverage& coverage) {
  for (std::uint64_t seed = settings.from; seed < settings.from + settings.seeds; ++seed) {
    if (auto failure = runSeed(seed, coverage, false)) {
      return failure;
    }
  }
  return std::nullopt;
}

int tell(const Settings& settings, const SessionFailure& failure) {
  std::printf("seed %llu violates \"%s\": %s\n  replay it with: %s --seed %llu\n",
              static_cast<unsigned long long>(failure.seed), failure.rule.c_str(), failure.detail.c_str(),
              settings.program.c_str(), static_cast<unsigned long long>(failure.seed));
  return 1;
}

int replay(const Settings& settings) {
  SessionCoverage coverage;
  const auto failure = runSeed(*settings.seed, coverage, true);
  return failure ? tell(settings, *failure) : 0;
}

int run(const Settings& settings) {
  SessionCoverage coverage;
  const auto start = std::chrono::steady_clock::now();
  if (const auto failure = runSeeds(settings, coverage)) {
    return tell(settings, *failure);
  }
  for (const auto& [what, times] : coverage) {
    std::printf("%-28s %10llu\n", what.c_str(), static_cast<unsigned long long>(times));
  }
  bool enough = true;
  for (const char* what : kThatHappen) {
    if (settings.seeds >= kSeedsThatCover && coverage[what] < kLeastTimes) {
      std::printf("\"%s\" happened fewer than %llu times\n", what, static_cast<unsigned long long>(kLeastTimes));
      enough = false;
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("\n%llu seeds in %.1f s\n", static_cast<unsigned long long>(settings.seeds), seconds);
  return enough ? 0 : 1;
}

#ifdef TIDEWIRE_PLANTED_FAULTS
/// Every fault has to be found, and without any the same program has to find nothing.
int runEveryFault(const Settings& settings) {
  bool allFound = true;
  int number = 0;
  for (const planted::Fault& fault : planted::kFaults) {
    planted::active = number++;
    SessionCoverage coverage;
    const auto failure = runSeeds(settings, coverage);
    std::printf(
        "%-36s %s\n", fault.name,
        failure ? ("found by seed " + std::to_string(failure->seed) + ": " + failure->rule).c_str() : "NOT FOUND");
    allFound = allFound && failure;
  }
  planted::active = -1;
  SessionCoverage coverage;
  const auto failure = runSeeds(settings, coverage);
  return failure ? tell(settings, *failure) : allFound ? 0 : 1;
}
#endif

}  // namespace
}  // namespace tidewire::simulation

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  tidewire::simulation::Settings settings{.program = argv[0]};
  CLI::App app("Runs a session's core under virtual time in random worlds and holds it against its invariants.");
  app.add_option("--seed", settings.seed, "Replay this seed and print what happens");
  app.add_option("--seeds", settings.seeds, "How many seeds to run")->capture_default_str();
  app.add_option("--from", settings.from, "The first seed")->capture_default_str();
#ifdef TIDEWIRE_PLANTED_FAULTS
  bool everyFault = false;
  app.add_flag("--every-fault", everyFault, "Plant one fault after the other; each has to be found");
#endif
  CLI11_PARSE(app, argc, argv);
#ifdef TIDEWIRE_PLANTED_FAULTS
  if (everyFault) {
    return tidewire::simulation::runEveryFault(settings);
  }
#endif
  return settings.seed ? tidewire::simulation::replay(settings) : tidewire::simulation::run(settings);
}
