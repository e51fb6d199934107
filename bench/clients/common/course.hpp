#pragma once

#include <cstddef>
#include <string>

#include "meter.hpp"
#include "settings.hpp"

namespace bench {

/// The course of one scenario over an open connection, the same for all clients: what is sent when, and when it ends.
///
/// A client calls `opened()`, then sends messages while `takeOne()` returns true, and calls `received()` for each
/// message that comes, until `finished()`.
class Course {
 public:
  explicit Course(const Settings& settings);

  void opened();
  /// Returns: true if a message has to be sent now.
  bool takeOne() {
    if (credit_ == 0) {
      return false;
    }
    --credit_;
    if (trips_) {
      roundTrips_.sent();
    }
    return true;
  }
  /// Whether `takeOne()` would return true.
  [[nodiscard]] bool wantsToSend() const { return credit_ > 0; }
  void received(std::size_t bytes);
  [[nodiscard]] bool finished() const { return finished_; }
  [[nodiscard]] const std::string& payload() const { return payload_; }
  void printResult();

 private:
  void countDown();

  const Settings settings_;
  const bool receives_;
  const bool batches_;
  const bool sends_;
  const bool trips_;
  std::string payload_;
  std::size_t credit_ = 0;
  std::size_t unsent_ = 0;
  std::size_t left_ = 0;
  bool finished_ = false;
  Meter meter_;
  RoundTrips roundTrips_;
};

}  // namespace bench
