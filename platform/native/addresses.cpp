#include "addresses.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <string_view>
#include <utility>

#include "core/ascii.hpp"
#include "os/host_names.hpp"
#include "os/thread.hpp"

namespace tidewire::native {

/// One look-up of the system, and its waiting callers. `LookUps` holds the lock.
struct LookUpJob {
  struct Asker {
    std::uint64_t number;
    LookUp::Done done;
  };
  std::string host;
  std::vector<Asker> askers = {};

  [[nodiscard]] bool isWanted() const { return !askers.empty(); }
};

namespace {

using Clock = std::chrono::steady_clock;

Addresses inTurn(Resolved resolved) {
  std::vector<std::string> first;
  std::vector<std::string> second;
  for (Resolved::Address& each : resolved.addresses) {
    (each.isIpv6 == resolved.addresses[0].isIpv6 ? first : second).push_back(std::move(each.numeric));
  }
  Addresses mixed{.error = std::move(resolved.error)};
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) {
      mixed.numeric.push_back(std::move(first[i]));
    }
    if (i < second.size()) {
      mixed.numeric.push_back(std::move(second[i]));
    }
  }
  return mixed;
}

/// Every look-up of the process. Never destroyed: one may still be running when the program ends, and its thread must
/// find this.
class LookUps {
 public:
  using Job = std::shared_ptr<LookUpJob>;

  static LookUps& shared() {
    static LookUps* const instance = new LookUps;
    return *instance;
  }

  /// Returns what will answer; null if `done` was called.
  Job lookUp(const std::string& host, std::uint64_t& number, LookUp::Done done);
  void abandon(const Job& job, std::uint64_t number);

 private:
  struct Answer {
    LookUp::Done done;
    Addresses addresses;
  };
  using Answers = std::vector<Answer>;  // To be given without the lock.

  struct Known {
    Addresses addresses = {};
    Clock::time_point since = {};
  };

  [[nodiscard]] Job wanted(const std::string& host) const;
  [[nodiscard]] Job jobFor(const std::string& host);
  [[nodiscard]] bool hasPlace() const;
  void startWaiting(Answers& answers);
  void run(const Job& job);
  void keep(const std::string& host, const Addresses& addresses);
  [[nodiscard]] bool isKnown(const std::string& host) const;
  static void answer(LookUpJob& job, const Addresses& addresses, Answers& answers);
  static void give(const Answers& answers);

  std::mutex mutex_;
  std::uint64_t lastNumber_ = 0;
  std::deque<Job> waiting_;   // Each is wanted by somebody.
  std::vector<Job> running_;  // The oldest first.
  std::map<std::string, Known> known_;
};

LookUps::Job LookUps::lookUp(const std::string& host, std::uint64_t& number, LookUp::Done done) {
  Answers answers;
  std::unique_lock lock(mutex_);
  number = ++lastNumber_;
  Job job = jobFor(host);
  if (job == nullptr) {
    answers.push_back({std::move(done), known_[host].addresses});
  } else {
    job->askers.push_back({number, std::move(done)});
    startWaiting(answers);
  }
  lock.unlock();
  give(answers);
  return job;
}

void LookUps::abandon(const Job& job, std::uint64_t number) {
  Answers answers;
  std::unique_lock lock(mutex_);
  std::erase_if(job->askers, [number](const LookUpJob::Asker& asker) { return asker.number == number; });
  std::erase_if(waiting_, [](const Job& each) { return !each->isWanted(); });
  startWaiting(answers);
  lock.unlock();
  give(answers);
}

/// A look-up that somebody waits for already; null if there is none.
LookUps::Job LookUps::wanted(const std::string& host) const {
  const auto fits = [&host](const Job& job) { return job->host == host && job->isWanted(); };
  if (const auto found = std::ranges::find_if(running_, fits); found != running_.end()) {
    return *found;
  }
  const auto found = std::ranges::find_if(waiting_, fits);
  return found == waiting_.end() ? nullptr : *found;
}

/// The look-up to join, which may be a new one; null if a previous answer has to be used.
LookUps::Job LookUps::jobFor(const std::string& host) {
  const auto ofHost = [&host](const Job& job) { return job->host == host; };
  const bool hangs = std::ranges::count_if(running_, ofHost) >= std::ptrdiff_t{LookUp::kMostOfOneName};
  if (isKnown(host) && (hangs || !hasPlace() || !waiting_.empty())) {
    return nullptr;
  }
  if (Job job = wanted(host)) {
    return job;
  }
  if (hangs) {
    return *std::find_if(running_.rbegin(), running_.rend(), ofHost);
  }
  return waiting_.emplace_back(std::make_shared<LookUpJob>(LookUpJob{.host = host}));
}

bool LookUps::hasPlace() const {
  const auto counted = std::ranges::count_if(running_, [](const Job& job) { return job->isWanted(); });
  return counted < std::ptrdiff_t{LookUp::kAtOnce} && running_.size() < LookUp::kMostThreads;
}

void LookUps::startWaiting(Answers& answers) {
  while (!waiting_.empty() && hasPlace()) {
    const Job job = std::move(waiting_.front());
    waiting_.pop_front();
    if (startDetached([this, job] { run(job); })) {
      running_.push_back(job);
    } else {
      answer(*job, {.error = "the look-up of " + job->host + " failed: the system gives no thread for it"}, answers);
    }
  }
}

void LookUps::run(const Job& job) {
  const Addresses addresses = inTurn(resolve(job->host));
  Answers answers;
  std::unique_lock lock(mutex_);
  std::erase(running_, job);
  keep(job->host, addresses);
  answer(*job, addresses, answers);
  startWaiting(answers);
  lock.unlock();
  give(answers);
}

void LookUps::keep(const std::string& host, const Addresses& addresses) {
  if (addresses.numeric.empty()) {
    return;
  }
  known_[host] = {addresses, Clock::now()};
  if (known_.size() > LookUp::kMostKnown) {
    known_.erase(std::ranges::min_element(known_, {}, [](const auto& entry) { return entry.second.since; }));
  }
}

bool LookUps::isKnown(const std::string& host) const {
  const auto known = known_.find(host);
  return known != known_.end() && Clock::now() - known->second.since < std::chrono::minutes(LookUp::kKnownMinutes);
}

void LookUps::answer(LookUpJob& job, const Addresses& addresses, Answers& answers) {
  for (LookUpJob::Asker& asker : job.askers) {
    answers.push_back({std::move(asker.done), addresses});
  }
  job.askers.clear();
}

void LookUps::give(const Answers& answers) {
  for (const Answer& answer : answers) {
    answer.done(answer.addresses);
  }
}

/// RFC 6761 section 6.3. A final dot makes a name absolute, and is no part of it.
bool isLocalhost(std::string_view host) {
  constexpr std::string_view kName = "localhost";
  if (host.ends_with('.')) {
    host.remove_suffix(1);
  }
  if (host.size() < kName.size() || (host.size() > kName.size() && host[host.size() - kName.size() - 1] != '.')) {
    return false;
  }
  return core::equalsIgnoringCase(host.substr(host.size() - kName.size()), kName);
}

}  // namespace

std::optional<Addresses> withoutLookUp(const std::string& host) {
  if (isNumericAddress(host)) {
    return Addresses{.numeric = {host}};
  }
  if (isLocalhost(host)) {
    return Addresses{.numeric = {"::1", "127.0.0.1"}};
  }
  return std::nullopt;
}

LookUp::LookUp(const std::string& host, Done done) : job_(LookUps::shared().lookUp(host, number_, std::move(done))) {}

LookUp::LookUp(LookUp&& other) noexcept : number_(other.number_), job_(std::exchange(other.job_, nullptr)) {}

LookUp& LookUp::operator=(LookUp&& other) noexcept {
  std::swap(job_, other.job_);
  std::swap(number_, other.number_);
  return *this;
}

LookUp::~LookUp() {
  if (job_ != nullptr) {
    LookUps::shared().abandon(job_, number_);
  }
}

}  // namespace tidewire::native
