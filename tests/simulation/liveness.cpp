#include <algorithm>
#include <chrono>

#include "invariants.hpp"

namespace tidewire::simulation {
namespace {

using namespace std::chrono_literals;
using core::Duration;
using core::Time;

constexpr Duration kLate = 100ms;
constexpr Duration kGrace = 250ms;

}  // namespace

LivenessRules::LivenessRules(const Plan& plan)
    : plan_(plan), options_(plan.options.heartbeat), interval_(options_.interval) {
  if (plan.awaited > 0ms && (interval_ == 0ms || plan.awaited < interval_)) {
    interval_ = plan.awaited;
  }
}

void LivenessRules::opened(Time now) {
  open_ = true;
  probe_ = {};
  probesWanted_ = distrusts_ = false;
  nextProbe_ = now + interval_;
  nextReassurance_ = now + plan_.awaited;
  heard(now);
  pausedBeforeOpen_ = pausedSince_ ? now - *pausedSince_ : Duration::zero();
  pausedSince_ = pausedSince_ ? std::optional(now) : std::nullopt;
}

void LivenessRules::heard(Time now) {
  probe_ = {};
  silence_ = {};
  survived_ = 0;
  pausedBeforeOpen_ = Duration::zero();
  if (options_.silence > 0ms) {
    silence_.at = now + options_.silence;
  }
}

void LivenessRules::paused(Time now, bool paused) {
  if (paused) {
    pausedSince_ = pausedSince_ ? pausedSince_ : now;
    return;
  }
  if (!pausedSince_) {
    return;
  }
  // Both judgements stood still.
  const Duration stood = now - *pausedSince_;
  for (Due* due : {&probe_, &silence_}) {
    for (std::optional<Time>* time : {&due->at, &due->lateSeen}) {
      if (*time) {
        **time += stood;
      }
    }
  }
  pausedSince_.reset();
}

void LivenessRules::askedNow(Time now) {
  if (open_ && plan_.canProbe() && !probe_.at) {
    nextProbe_ = now;
    probesWanted_ = true;
  }
}

void LivenessRules::distrusted() {
  // One reason more does not put off a judgement that is under way.
  if (open_ && plan_.canProbe() && !(probe_.at && probeDistrusts_)) {
    probe_ = {};
    probesWanted_ = distrusts_ = true;
  }
}

void LivenessRules::ticks(Time now) {
  if (!open_ || pausedSince_) {
    return;
  }
  bool overdue = false;
  for (Due* due : {&probe_, &silence_}) {
    overdue = overdue || (due->at && now >= *due->at);
    const Duration later = due == &silence_ ? pausedBeforeOpen_ : Duration::zero();
    if (due->at && now - *due->at > kLate + later && !due->lateSeen) {
      due->lateSeen = now;
      // The other's judge comes late too, at the end of this grace, and input was read meanwhile.
      Due& other = due == &silence_ ? probe_ : silence_;
      if (other.at && !other.lateSeen) {
        other.at = std::max(*other.at, now + kGrace);
      }
    }
  }
  if (overdue && (survived_ == 0 || now - lastSurvived_ >= kGrace)) {
    ++survived_;
    lastSurvived_ = now;
  }
}

bool LivenessRules::kills(const Due& due, Time now) const {
  return due.at && now >= *due.at && (!due.lateSeen || now >= *due.lateSeen + kGrace);
}

void LivenessRules::asks(Time now) {
  using namespace invariant;
  require(open_ && plan_.canProbe(), kHeartbeatProbes, "there is nothing to ask with, or nobody to ask");
  require(!pausedSince_, kHeartbeatProbes, "asked while reading is paused");
  require(!probe_.at, kHeartbeatProbes, "asked while a probe is being judged");
  const bool isDue = interval_ > 0ms && now >= nextProbe_;
  require(isDue || probesWanted_, kHeartbeatProbes, "asked before it was due");
  probe_ = {.at = now + (distrusts_ ? options_.wakeTimeout : options_.timeout), .lateSeen = {}};
  nextProbe_ = now + interval_;
  nextReassurance_ = now + plan_.awaited;
  probeDistrusts_ = distrusts_;
  probesWanted_ = distrusts_ = false;
}

void LivenessRules::reassures(Time now) {
  using namespace invariant;
  require(open_ && pausedSince_ && plan_.awaited > 0ms, kReassures, "reassured where nobody awaits it");
  require(now >= nextReassurance_, kReassures, "reassured before it was due");
  nextReassurance_ = now + plan_.awaited;
}

void LivenessRules::dies(Time now) const {
  using namespace invariant;
  require(!pausedSince_, kHeartbeatJudges, "judged while reading is paused");
  require(kills(probe_, now) || kills(silence_, now), kHeartbeatJudges, "cut though the peer may be alive");
}

void LivenessRules::ticked(Time now) const {
  using namespace invariant;
  require(!open_ || !pausedSince_ || plan_.awaited == 0ms || now < nextReassurance_, kReassures,
          "a reassurance was due and did not go out");
  if (!open_ || pausedSince_) {
    return;
  }
  require(survived_ <= 3, kHeartbeatJudges, "silent for longer than any grace, and still not cut");
  const bool asks = plan_.canProbe() && (probesWanted_ || interval_ > 0ms) && !probe_.at;
  require(!asks || (!probesWanted_ && now < nextProbe_), kHeartbeatProbes, "a probe was due and was not asked");
}

void LivenessRules::settled(Time now, std::optional<Time> deadline) const {
  using namespace invariant;
  if (open_ && pausedSince_ && plan_.awaited > 0ms) {
    require(deadline && *deadline <= nextReassurance_, kReassures, "no deadline for a reassurance");
  }
  if (!open_ || pausedSince_) {
    return;
  }
  std::optional<Time> first;
  const auto add = [&first](Time due) { first = first ? std::min(*first, due) : due; };
  if (probe_.at) {
    add(*probe_.at);
  } else if (plan_.canProbe() && (interval_ > 0ms || probesWanted_)) {
    add(probesWanted_ ? now : nextProbe_);
  }
  if (silence_.at) {
    add(*silence_.at + pausedBeforeOpen_);
  }
  require(!first || (deadline && *deadline <= std::max(*first, now + kGrace)), kDeadline,
          "the heartbeat has something to do, and no deadline for it");
}

}  // namespace tidewire::simulation
