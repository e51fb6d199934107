// The real core under virtual time: seeds of random networks, timers, sleeps and users, held against the invariants of
// `invariants.hpp`. `--help` tells what it takes.
//
// Exits 1 if an invariant did not hold, a cell of the tables was hit too rarely, or a planted fault was not found.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "scenario.hpp"
#ifdef TIDEWIRE_PLANTED_FAULTS
#include "core/planted.hpp"
#endif

namespace tidewire::simulation {
namespace {

// How often each cell has to be hit in a run of this many seeds or more.
constexpr std::uint64_t kSeedsThatCover = 10'000;
constexpr std::uint64_t kLeastHits = 100;

struct Settings {
  std::string program;
  std::optional<std::uint64_t> seed = {};
  std::uint64_t seeds = 10'000;
  std::uint64_t from = 1;
  bool verbose = false;
  std::string fault = {};
  bool listFaults = false;
  bool everyFault = false;
};

#ifdef TIDEWIRE_PLANTED_FAULTS
const std::vector<planted::Fault>& faults() {
  static const std::vector<planted::Fault> all(std::begin(planted::kFaults), std::end(planted::kFaults));
  return all;
}

bool plant(const std::string& name) {
  for (std::size_t i = 0; i < faults().size(); ++i) {
    if (faults()[i].name == name) {
      planted::active = static_cast<int>(i);
      return true;
    }
  }
  return false;
}
#endif

void printFailure(const Settings& settings, const Failure& failure) {
  std::printf("seed %llu violates \"%s\": %s\n  %s\n  replay it with: %s --seed %llu%s\n",
              static_cast<unsigned long long>(failure.seed), failure.broken->name, failure.detail.c_str(),
              failure.broken->sentence, settings.program.c_str(), static_cast<unsigned long long>(failure.seed),
              settings.fault.empty() ? "" : (" --fault " + settings.fault).c_str());
}

int replay(const Settings& settings) {
  Coverage coverage;
  const std::optional<Failure> failure = runSeed(*settings.seed, coverage, true);
  if (failure) {
    printFailure(settings, *failure);
  }
  return failure ? 1 : 0;
}

// Input and states that cannot meet, since the driver, like `ClientLoop`, knows that there is no such transport, no
// such probe, or no room for what is sent.
bool canMeet(Input input, State state) {
  switch (input) {
    case Input::TransportOpened:
      return state == State::Connecting;
    case Input::EnqueueFirst:
    case Input::BytesArrived:
    case Input::PongArrived:
      return state == State::Open || state == State::Closing;
    case Input::AnswerArrived:
      return state == State::Open;
    case Input::TransportEnded:
    case Input::ReadingPaused:
    case Input::ReadingResumed:
      return state == State::Connecting || state == State::Open || state == State::Closing;
    case Input::EndpointAnswered:
      return state == State::Connecting;
    case Input::Enqueue:
      return state != State::Closed;
    case Input::OpenReturned:
    case Input::EndpointFailed:
      return state != State::Idle;
    default:
      return true;
  }
}

void printCell(std::uint64_t hits, bool canBe) {
  canBe ? std::printf(" %10llu", static_cast<unsigned long long>(hits)) : std::printf(" %10s", hits > 0 ? "?" : "-");
}

/// Prints how often each cell was hit; returns whether all of them were `least` times.
bool printCoverage(const Coverage& coverage, std::uint64_t least) {
  bool enough = true;
  std::printf("\n%-12s %-16s %-12s %10s\n", "from", "on", "to", "hits");
  for (std::size_t row = 0; row < core::kTransitions.size(); ++row) {
    const core::Transition& transition = core::kTransitions[row];
    std::printf("%-12s %-16s %-12s", std::string(nameOf(transition.from)).c_str(),
                std::string(nameOf(transition.on)).c_str(), std::string(nameOf(transition.to)).c_str());
    printCell(coverage.transitions[row], true);
    std::printf("\n");
    enough = enough && coverage.transitions[row] >= least;
  }
  std::printf("\n%-18s", "input");
  for (std::size_t state = 0; state < kStates; ++state) {
    std::printf(" %10s", std::string(nameOf(static_cast<State>(state))).c_str());
  }
  for (std::size_t input = 0; input < kInputNames.size(); ++input) {
    std::printf("\n%-18s", std::string(kInputNames[input]).c_str());
    for (std::size_t state = 0; state < kStates; ++state) {
      const bool can = canMeet(static_cast<Input>(input), static_cast<State>(state));
      const std::uint64_t hits = coverage.inputs[input][state];
      printCell(hits, can);
      enough = enough && (can ? hits >= least : hits == 0);
    }
  }
  std::printf("\n");
  return enough;
}

std::optional<Failure> runSeeds(const Settings& settings, Coverage& coverage, std::uint64_t seeds) {
  for (std::uint64_t seed = settings.from; seed < settings.from + seeds; ++seed) {
    const std::uint64_t before = coverage.total;
    if (std::optional<Failure> failure = runSeed(seed, coverage, false)) {
      return failure;
    }
    if (settings.verbose) {
      std::printf("seed %llu: %llu inputs\n", static_cast<unsigned long long>(seed),
                  static_cast<unsigned long long>(coverage.total - before));
    }
  }
  return std::nullopt;
}

int run(const Settings& settings) {
  Coverage coverage;
  const auto start = std::chrono::steady_clock::now();
  if (const std::optional<Failure> failure = runSeeds(settings, coverage, settings.seeds)) {
    printFailure(settings, *failure);
    return 1;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const bool mustCover = settings.seeds >= kSeedsThatCover && settings.fault.empty();
  const bool covered = printCoverage(coverage, mustCover ? kLeastHits : 0);
  const auto seeds = static_cast<double>(settings.seeds);
  std::printf("\n%llu seeds in %.1f s: %.0f seeds/s, %.0f inputs a seed\n",
              static_cast<unsigned long long>(settings.seeds), seconds, seeds / seconds,
              static_cast<double>(coverage.total) / seeds);
  if (!covered) {
    std::printf("a cell was hit fewer than %llu times, or one that cannot be\n",
                static_cast<unsigned long long>(mustCover ? kLeastHits : 0));
  }
  return covered ? 0 : 1;
}

#ifdef TIDEWIRE_PLANTED_FAULTS
/// Every fault has to be found, and without any the same program has to find nothing.
int runEveryFault(Settings settings) {
  bool allFound = true;
  for (const planted::Fault& fault : faults()) {
    settings.fault = fault.name;
    plant(settings.fault);
    Coverage coverage;
    const std::optional<Failure> failure = runSeeds(settings, coverage, settings.seeds);
    if (failure) {
      std::printf("%-36s found by seed %4llu: %s: %s\n", fault.name, static_cast<unsigned long long>(failure->seed),
                  failure->broken->name, failure->detail.c_str());
    } else {
      std::printf("%-36s NOT FOUND\n", fault.name);
    }
    allFound = allFound && failure;
  }
  planted::active = -1;
  settings.fault.clear();
  Coverage coverage;
  const std::optional<Failure> failure = runSeeds(settings, coverage, settings.seeds);
  if (failure) {
    std::printf("without a fault: ");
    printFailure(settings, *failure);
  }
  return allFound && !failure ? 0 : 1;
}
#endif

int chosen(const Settings& settings) {
#ifdef TIDEWIRE_PLANTED_FAULTS
  if (settings.listFaults) {
    for (const planted::Fault& fault : faults()) {
      std::printf("%-36s %s\n", fault.name, fault.sentence);
    }
    return 0;
  }
  if (settings.everyFault) {
    return runEveryFault(settings);
  }
  if (!settings.fault.empty() && !plant(settings.fault)) {
    std::fprintf(stderr, "there is no fault \"%s\"; --list-faults names them\n", settings.fault.c_str());
    return 2;
  }
#endif
  return settings.seed ? replay(settings) : run(settings);
}

}  // namespace
}  // namespace tidewire::simulation

int main(int argc, char** argv) {
  tidewire::simulation::Settings settings{.program = argv[0]};
  CLI::App app("Runs the core under virtual time in random worlds and holds it against its invariants.");
  app.add_option("--seed", settings.seed, "Replay this seed and print what happens");
  app.add_option("--seeds", settings.seeds, "How many seeds to run")->capture_default_str();
  app.add_option("--from", settings.from, "The first seed")->capture_default_str();
  app.add_flag("--verbose", settings.verbose, "A line for each seed");
#ifdef TIDEWIRE_PLANTED_FAULTS
  app.add_option("--fault", settings.fault, "Plant this fault");
  app.add_flag("--list-faults", settings.listFaults, "Name the faults");
  app.add_flag("--every-fault", settings.everyFault, "Plant one fault after the other; each has to be found");
#endif
  CLI11_PARSE(app, argc, argv);
  return tidewire::simulation::chosen(settings);
}
