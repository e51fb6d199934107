#pragma once

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

#include "turning.hpp"

namespace any_thread {

/// An executor on two threads, so that callbacks could run at the same time if anything allowed it.
class Workers {
 public:
  Workers() {
    for (std::thread& thread : threads_) {
      thread = std::thread([this] { run(); });
    }
  }
  ~Workers() {
    add(nullptr);
    for (std::thread& thread : threads_) {
      thread.join();
    }
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void add(std::function<void()> task) {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    more_.notify_all();
  }

 private:
  void run() {
    while (const std::function<void()> task = next()) {
      task();
    }
  }

  /// Null, which is last, stays for the other thread.
  std::function<void()> next() {
    std::unique_lock lock(mutex_);
    more_.wait(lock, [this] { return !tasks_.empty(); });
    if (tasks_.front() == nullptr) {
      return nullptr;
    }
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
  }

  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::function<void()>> tasks_;
  std::array<std::thread, 2> threads_;
};

/// Enters while a callback runs, and counts those that found another one inside.
class Turnstile {
 public:
  void pass() {
    overlaps_ += inside_.exchange(true) ? 1 : 0;
    std::this_thread::yield();
    inside_ = false;
    ++passed_;
  }
  [[nodiscard]] int overlaps() const { return overlaps_; }
  [[nodiscard]] int passed() const { return passed_; }

 private:
  std::atomic<bool> inside_ = false;
  std::atomic<int> overlaps_ = 0;
  std::atomic<int> passed_ = 0;
};

// One for each thread: how far the next call is from the one before. None has a factor in common with the number of
// calls, so each thread comes to all of them, in an order of its own.
inline constexpr std::array<std::size_t, 4> kSteps = {5, 7, 9, 11};
inline constexpr std::size_t kRounds = 60;

/// Makes each of `calls` many times, on four threads at once. Returns: false if their number does not go with `kSteps`.
template <class Call>
[[nodiscard]] bool callAround(const std::vector<Call>& calls, const std::function<void(const Call&)>& make) {
  std::vector<std::thread> threads;
  bool fits = true;
  for (const std::size_t step : kSteps) {
    fits = fits && std::gcd(step, calls.size()) == 1;
    threads.emplace_back([&calls, &make, step] {
      for (std::size_t round = 0; round < kRounds; ++round) {
        for (std::size_t i = 0; i < calls.size(); ++i) {
          make(calls[(i * step + round) % calls.size()]);
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  return fits;
}

using support::kPatience;

/// `client`: a client or a session.
template <class Pollable, class Holds>
void pollUntil(Pollable& client, Holds holds) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!holds()) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    (void)client.poll();
    std::this_thread::yield();
  }
}

}  // namespace any_thread
