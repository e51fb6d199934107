#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace bench {

/// CPU of the whole process and time, between two moments.
class Meter {
 public:
  void start();
  void stop();
  [[nodiscard]] double cpuSeconds() const { return cpu_; }
  [[nodiscard]] double wallSeconds() const { return wall_; }

 private:
  double cpu_ = 0;
  double wall_ = 0;
};

/// Times of round trips. Takes memory once.
class RoundTrips {
 public:
  void reserve(std::size_t count) { seconds_.reserve(count); }
  void sent() { sent_ = std::chrono::steady_clock::now(); }
  void answered() {
    if (seconds_.size() < seconds_.capacity()) {
      seconds_.push_back(std::chrono::duration<float>(std::chrono::steady_clock::now() - sent_).count());
    }
  }
  /// Adds the median and the 99th percentile, in seconds.
  void addTo(std::map<std::string, double>& values);

 private:
  std::chrono::steady_clock::time_point sent_;
  std::vector<float> seconds_;
};

/// Prints the one line that the driver reads.
void print(std::size_t messages, const Meter& meter, std::map<std::string, double> values = {});

/// Resident memory of this process in bytes, and its threads.
std::size_t residentBytes();
std::size_t threadCount();
double processCpuSeconds();

}  // namespace bench
