// Thousands of clients in one process lose their server and get it back: one thread serves them all, their attempts
// spread as full jitter says, and the memory is back where it was.
//
//   storm [--clients N]
//
// Prints what it measured, and exits 1 if something does not hold.

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "support/ticker_server.hpp"
#include "tidewire/client.hpp"

namespace {

using namespace std::chrono_literals;
using tidewire::CloseCause;
using tidewire::State;
using Clock = std::chrono::steady_clock;

// Fewer are no storm; more find no port on one address.
constexpr std::size_t kFewest = 4'000;
constexpr std::size_t kMost = 20'000;
// The ceilings of the first wait and of the second. The server stays away until every client has drawn both, and begun
// both attempts.
constexpr std::array kCeilings{1'000ms, 2'000ms};
constexpr auto kMaxDelay = kCeilings[1];
// So many attempts at a time while the clients are opened: fewer than a listener's backlog takes.
constexpr std::size_t kAtATime = 256;
// With the handlers of the storm.
constexpr double kMostKiBEach = 5.5;
// For a step that has gone wrong, not for a slow one.
constexpr auto kPatience = 60s;

constexpr std::size_t kTenths = 10;
constexpr auto kBin = 100ms;
constexpr std::size_t kBins = 600;  // As long as anything is waited for.

double seconds(Clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

// Verdicts.

bool everythingHolds = true;

/// Prints one line, and remembers if it does not hold.
[[gnu::format(printf, 2, 3)]] void check(bool holds, const char* format, ...) {
  everythingHolds = everythingHolds && holds;
  std::fputs(holds ? "  ok      " : "  FAILED  ", stdout);
  std::va_list arguments;
  va_start(arguments, format);
  std::vprintf(format, arguments);
  va_end(arguments);
  std::fputc('\n', stdout);
}

// The process, as the system sees it.

std::size_t entriesOf(const char* folder) {
  const std::filesystem::directory_iterator entries(folder);
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

void checkThreads(const char* stage) {
  const std::size_t threads = entriesOf("/proc/self/task");
  check(threads == 2, "threads %s: %zu, ours and Tidewire's", stage, threads);
}

/// Resident memory without what malloc keeps for later, in MiB.
double residentMiB() {
  malloc_trim(0);
  std::size_t total = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024 * 1024);
}

/// Memory that the process has not freed, in MiB. Unlike the resident part it does not grow with holes in the heap: on
/// a busy machine all clients come back together, and what their handshakes took lies between what stays.
double usedMiB() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd) / (1024 * 1024);
}

/// Raises the soft limit of descriptors to the hard one, and answers how many clients that allows.
std::size_t clientsAllowed() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  // The rest is for everything else, and for sockets that close while their successors open.
  return static_cast<std::size_t>(limit.rlim_max / 10 * 9);
}

// What the clients go through.

/// Counts what callbacks say, for a thread that waits without turning. What a callback wrote before it counted is seen
/// by the thread that awaited the count.
class Tally {
 public:
  void add(int change) {
    const std::lock_guard lock(mutex_);
    count_ += change;
    if (count_ >= awaited_) {
      condition_.notify_one();
    }
  }
  void await(const char* what, std::size_t count) {
    std::unique_lock lock(mutex_);
    awaited_ = static_cast<std::ptrdiff_t>(count);
    if (!condition_.wait_for(lock, kPatience, [this] { return count_ >= awaited_; })) {
      std::printf("  FAILED  %s: only %td of %td\n", what, count_, awaited_);
      std::fflush(stdout);
      std::_Exit(EXIT_FAILURE);  // Clients whose callbacks go on stand in the way of a return.
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  std::ptrdiff_t count_ = 0;
  std::ptrdiff_t awaited_ = 0;
};

/// What one client has been told, written on Tidewire's thread. It takes no memory while the storm goes on.
struct Story {
  std::uint64_t begun = 0;
  std::uint64_t ended = 0;
  std::uint64_t opens = 0;
  bool isOpen = false;
  bool inOrder = true;
  bool expectedCauses = true;
  std::array<std::chrono::milliseconds, kCeilings.size()> waits{};
  std::chrono::milliseconds longestWait{0};
  Clock::duration latest = Clock::duration::min();    // By how much an attempt began after its wait was over,
  Clock::duration earliest = Clock::duration::max();  // and how much before, where it is negative.
  Clock::time_point endedAt{};
  std::chrono::milliseconds waiting{0};
  Clock::time_point begunAt{};
  Clock::time_point lastRefusedBegunAt{};
  Clock::time_point openedAt{};
  std::chrono::microseconds handshake{0};
};

class Storm {
 public:
  explicit Storm(std::size_t clients) : stories_(clients), lateness_(clients * kCeilings.size()) {}

  void open(const std::string& url);
  void awaitLoss() { lost_.await("clients that noticed the loss", stories_.size()); }
  void awaitRefusals() { refused_.await("clients that were refused in both rounds", stories_.size()); }
  void awaitReturn() { open_.await("clients that are open again", stories_.size()); }
  /// The moment that attempts are counted from.
  void begins(Clock::time_point at) { beganAt_ = at; }
  void destroy() { clients_.clear(); }

  void checkOrder() const;
  void checkWaits() const;
  void checkAttempts(Clock::duration openingTime) const;
  void checkReturn(Clock::time_point listensAt, Clock::duration openingTime) const;

 private:
  void add(const std::string& url, Story& story);
  void begun(Story& story, const tidewire::StateChange& change);
  void opened(Story& story, const tidewire::Opened& opened);
  void closed(Story& story, const tidewire::CloseInfo& info);
  void checkRound(std::size_t round) const;
  [[nodiscard]] double tolerance(double ofTenThousand) const;

  std::vector<Story> stories_;
  std::vector<Clock::duration> lateness_;  // Of the attempts of both rounds.
  std::size_t latenesses_ = 0;
  Clock::time_point beganAt_{};
  std::array<std::size_t, kBins> attempts_{};  // Since then, by the time at which they began.
  Tally open_;
  Tally lost_;
  Tally refused_;
  std::deque<tidewire::Client> clients_;
};

void Storm::open(const std::string& url) {
  for (std::size_t i = 0; i < stories_.size(); ++i) {
    if (i >= kAtATime) {
      open_.await("clients that have opened", i - kAtATime);
    }
    add(url, stories_[i]);
  }
  open_.await("clients that have opened", stories_.size());
}

/// Without a flight recorder: it remembers the storm, as it should, and would hide what else grows.
void Storm::add(const std::string& url, Story& story) {
  tidewire::Client& client =
      clients_.emplace_back(tidewire::Options{.url = url,
                                              .connectTimeout = kPatience,
                                              .heartbeat = {.interval = 0ms},
                                              .reconnect = {.firstDelay = kCeilings[0], .maxDelay = kMaxDelay},
                                              .flightRecorder = {.entries = 0}});
  client.onStateChange([this, &story](const tidewire::StateChange& change) {
    if (change.to == State::Connecting) {
      begun(story, change);
    }
  });
  client.onOpen([this, &story](const tidewire::Opened& event) { opened(story, event); });
  client.onClose([this, &story](const tidewire::CloseInfo& info) { closed(story, info); });
  client.connect();
}

void Storm::begun(Story& story, const tidewire::StateChange& change) {
  story.inOrder = story.inOrder && story.begun++ == story.ended && !story.isOpen;
  story.begunAt = Clock::now();
  if (change.from != State::Waiting) {
    return;
  }
  const Clock::duration late = story.begunAt - (story.endedAt + story.waiting);
  story.latest = std::max(story.latest, late);
  story.earliest = std::min(story.earliest, late);
  if (story.ended <= kCeilings.size()) {
    lateness_[latenesses_++] = late;
  }
  const auto bin = static_cast<std::size_t>((story.begunAt - beganAt_) / kBin);
  ++attempts_[std::min(bin, kBins - 1)];
}

void Storm::opened(Story& story, const tidewire::Opened& opened) {
  story.inOrder = story.inOrder && story.begun == story.ended + 1 && opened.attempt == story.begun && !story.isOpen &&
                  opened.reconnects == story.opens++;
  story.isOpen = true;
  story.openedAt = Clock::now();
  story.handshake = opened.handshakeTime;
  open_.add(1);
}

void Storm::closed(Story& story, const tidewire::CloseInfo& info) {
  const bool wasOpen = std::exchange(story.isOpen, false);
  story.inOrder =
      story.inOrder && story.begun == ++story.ended && info.attempt == story.begun && info.wasOpen == wasOpen;
  story.expectedCauses = story.expectedCauses && info.willRetry &&
                         info.cause == (wasOpen ? CloseCause::ConnectionLost : CloseCause::ConnectFailed);
  story.endedAt = Clock::now();
  story.waiting = info.retryIn;
  story.longestWait = std::max(story.longestWait, info.retryIn);
  if (story.ended <= kCeilings.size()) {
    story.waits[story.ended - 1] = info.retryIn;
  }
  if (wasOpen) {
    open_.add(-1);
    lost_.add(1);
  } else {
    story.lastRefusedBegunAt = story.begunAt;
    refused_.add(story.ended == kCeilings.size() + 1 ? 1 : 0);
  }
}

void Storm::checkOrder() const {
  const auto inOrder = [](const Story& story) {
    return story.inOrder && story.isOpen && story.opens == 2 && story.begun == story.ended + 1;
  };
  const auto count = std::ranges::count_if(stories_, inOrder);
  check(count == std::ssize(stories_), "events in order, one close for each attempt: %td clients", count);
  const auto causes = std::ranges::count_if(stories_, &Story::expectedCauses);
  check(causes == std::ssize(stories_), "one ConnectionLost, then only ConnectFailed: %td clients", causes);
}

/// More than five standard deviations at ten thousand draws, and as many at any other number.
double Storm::tolerance(double ofTenThousand) const {
  return ofTenThousand * std::sqrt(10'000.0 / static_cast<double>(stories_.size()));
}

void Storm::checkWaits() const {
  for (std::size_t round = 0; round < kCeilings.size(); ++round) {
    checkRound(round);
  }
  const auto longest = std::ranges::max(stories_, {}, &Story::longestWait).longestWait;
  check(longest <= kMaxDelay, "no wait is longer than maxDelay: %td ms", longest.count());
}

void Storm::checkRound(std::size_t round) const {
  const std::chrono::milliseconds ceiling = kCeilings[round];
  std::array<std::size_t, kTenths> tenths{};
  double sum = 0;
  for (const Story& story : stories_) {
    const std::chrono::milliseconds wait = story.waits[round];
    sum += static_cast<double>(wait.count());
    ++tenths[std::min(static_cast<std::size_t>(wait * kTenths / ceiling), kTenths - 1)];
  }
  const auto count = static_cast<double>(stories_.size());
  const double mean = sum / count;
  const double middle = static_cast<double>(ceiling.count()) / 2;
  check(std::abs(mean - middle) <= tolerance(0.03) * middle, "mean wait of round %zu: %.1f ms of at most %td",
        round + 1, mean, ceiling.count());
  const auto [fewest, most] = std::ranges::minmax(tenths);
  const double share = count / kTenths;
  check(static_cast<double>(fewest) >= share * (1 - tolerance(0.2)) &&
            static_cast<double>(most) <= share * (1 + tolerance(0.2)),
        "waits in each tenth of it: %zu to %zu, expected %.0f", fewest, most, share);
}

void Storm::checkAttempts(Clock::duration openingTime) const {
  std::printf("  attempts begun in each 100 ms since the loss:");
  const auto last = std::find_if(attempts_.rbegin(), attempts_.rend(), [](std::size_t count) { return count > 0; });
  std::for_each(attempts_.begin(), last.base(), [](std::size_t count) { std::printf(" %zu", count); });
  std::fputc('\n', stdout);

  // What was to begin while the machine did something else begins together afterwards: no fault of the jitter's.
  std::vector<Clock::duration> lateness = lateness_;
  std::ranges::sort(lateness);
  const Clock::duration median = lateness[lateness.size() / 2];
  const Clock::duration latest = std::ranges::max(stories_, {}, &Story::latest).latest;
  const Clock::duration earliest = std::ranges::min(stories_, {}, &Story::earliest).earliest;
  // A callback that lost the processor reads its clock late, so that the attempt after it seems early.
  check(earliest >= -kBin, "no attempt before its wait is over: %.1f ms", seconds(earliest) * 1e3);
  // All that can be in an attempt's way are those of all others, and opening them took longer than refusals take.
  const Clock::duration latestAllowed = openingTime + 1s;
  check(latest <= latestAllowed, "attempts begin when it is: median %.1f ms late, latest %.1f, at most %.0f",
        seconds(median) * 1e3, seconds(latest) * 1e3, seconds(latestAllowed) * 1e3);
  // The first round alone has a tenth of all clients in a bin, and the second adds at most half as many.
  const double count = static_cast<double>(stories_.size());
  const double most = 1.5 * 1.5 * count * (seconds(kBin) + seconds(std::max(latest, {}))) / seconds(kCeilings[0]);
  const std::size_t peak = std::ranges::max(attempts_);
  check(static_cast<double>(peak) <= most, "the fullest 100 ms: %zu attempts, at most %.0f", peak, most);
}

void Storm::checkReturn(Clock::time_point listensAt, Clock::duration openingTime) const {
  const auto late = std::ranges::count_if(
      stories_, [listensAt](const Story& story) { return story.lastRefusedBegunAt >= listensAt; });
  check(late == 0, "attempts refused that began when the server listened: %td", late);
  const Clock::duration took = std::ranges::max(stories_, {}, &Story::openedAt).openedAt - listensAt;
  const auto handshake = std::ranges::max(stories_, {}, &Story::handshake).handshake;
  // As long as this machine took when there was nothing to wait for; and a second, after which TCP tries again where
  // the listener's backlog was full (RFC 6298 section 2).
  const Clock::duration most = kMaxDelay + 2 * openingTime + 1s;
  check(took <= most, "all open again after %.2f s, at most %.2f; slowest handshake %.3f s", seconds(took),
        seconds(most), seconds(handshake));
}

/// One client that comes, is answered and goes. What was posted before it has been done then, and what every process
/// with a client needs has been allocated.
double residentAfterRoundTrip(const std::string& url, const char* stage) {
  Tally answers;
  {
    tidewire::Client client({.url = url, .heartbeat = {.interval = 0ms}});
    client.onMessage([&answers](const tidewire::Message&) { answers.add(1); });
    client.connect();
    (void)client.send("hello");
    answers.await("answers", 1);
    checkThreads(stage);
  }
  return residentMiB();
}

std::size_t chooseClients(std::size_t wanted) {
  const std::size_t allowed = clientsAllowed();
  if (allowed < kFewest) {
    std::printf("FAILED: the hard limit of descriptors (ulimit -Hn) allows %zu clients, a storm needs %zu\n", allowed,
                kFewest);
    std::exit(EXIT_FAILURE);
  }
  const std::size_t clients = std::min(wanted, allowed);
  std::printf("storm: %zu clients, %zu wanted, %zu allowed by the limit of descriptors\n", clients, wanted, allowed);
  return clients;
}

void rage(std::size_t clients) {
  support::TickerServer server;
  const std::string url = server.url("/echo");
  Storm storm(clients);
  const double empty = residentAfterRoundTrip(url, "with one client");
  const std::size_t descriptors = entriesOf("/proc/self/fd");

  const Clock::time_point opensAt = Clock::now();
  storm.open(url);
  const Clock::duration openingTime = Clock::now() - opensAt;
  const double first = residentMiB();
  const double firstUsed = usedMiB();
  std::printf("  opened in %.2f s\n", seconds(openingTime));
  checkThreads("with all open");

  storm.begins(Clock::now());
  server.kill();
  storm.awaitLoss();
  checkThreads("with all lost");
  storm.awaitRefusals();
  server.start();
  const Clock::time_point listensAt = Clock::now();
  storm.awaitReturn();
  const double second = residentMiB();
  const double secondUsed = usedMiB();
  checkThreads("with all open again");

  storm.checkOrder();
  storm.checkWaits();
  storm.checkAttempts(openingTime);
  storm.checkReturn(listensAt, openingTime);

  storm.destroy();
  const double last = residentAfterRoundTrip(url, "with all gone");
  const std::size_t left = entriesOf("/proc/self/fd");
  check(left <= descriptors + 1, "descriptors: %zu before, %zu after", descriptors, left);
  const double perClient = (first - empty) * 1024 / static_cast<double>(clients);
  std::printf("  memory with all open: %.1f MiB, the second time %.1f MiB\n", first, second);
  check(secondUsed <= firstUsed * 1.1 + 1, "memory in use with all open: %.1f MiB, the second time %.1f MiB", firstUsed,
        secondUsed);
  check(perClient <= kMostKiBEach, "memory of a client that is open and idle: %.2f KiB, at most %.1f", perClient,
        kMostKiBEach);
  check(last <= empty + 4, "memory without them: %.1f MiB before, %.1f MiB after", empty, last);
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t wanted = 10'000;
  CLI::App app("Thousands of clients lose their server and get it back");
  app.add_option("--clients", wanted, "how many, if the limit of descriptors allows it")
      ->check(CLI::Range(kFewest, kMost));
  CLI11_PARSE(app, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  const Clock::time_point start = Clock::now();
  rage(chooseClients(wanted));
  std::printf("storm: %s in %.1f s\n", everythingHolds ? "held" : "FAILED", seconds(Clock::now() - start));
  return everythingHolds ? EXIT_SUCCESS : EXIT_FAILURE;
}
