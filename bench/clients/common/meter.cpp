#include "meter.hpp"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

namespace bench {
namespace {

double secondsOf(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::size_t statusOf(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    if (word == name + ":") {
      std::size_t value = 0;
      file >> value;
      return value;
    }
  }
  return 0;
}

}  // namespace

void Meter::start() {
  cpu_ = -processCpuSeconds();
  wall_ = -secondsOf(CLOCK_MONOTONIC);
}

void Meter::stop() {
  cpu_ += processCpuSeconds();
  wall_ += secondsOf(CLOCK_MONOTONIC);
}

void RoundTrips::addTo(std::map<std::string, double>& values) {
  if (seconds_.empty()) {
    return;
  }
  std::sort(seconds_.begin(), seconds_.end());
  values["p50"] = seconds_[seconds_.size() / 2];
  values["p99"] = seconds_[seconds_.size() * 99 / 100];
}

void print(std::size_t messages, const Meter& meter, std::map<std::string, double> values) {
  values["messages"] = static_cast<double>(messages);
  values["cpu"] = meter.cpuSeconds();
  values["wall"] = meter.wallSeconds();
  std::cout << nlohmann::json(values).dump() << std::endl;
}

std::size_t residentBytes() {
  return statusOf("VmRSS") * 1024;
}
std::size_t threadCount() {
  return statusOf("Threads");
}
double processCpuSeconds() {
  return secondsOf(CLOCK_PROCESS_CPUTIME_ID);
}

}  // namespace bench
