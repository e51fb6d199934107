#include "due_queue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <random>

namespace tidewire::native {
namespace {

class Task final : public internal::LoopTask {
 public:
  void turn() override {}
  void hint(core::Hint) override {}
  void loopGone() override {}
};

core::Time at(int milliseconds) {
  return core::Time(std::chrono::milliseconds(milliseconds));
}

}  // namespace

TEST_CASE("due queue: a new deadline replaces the one before, and none is left of a removed task") {
  DueQueue queue;
  Task one;
  Task other;
  queue.set(one, at(10));
  queue.set(other, at(20));
  CHECK(&queue.earliestTask() == &one);
  queue.set(one, at(30));
  CHECK(&queue.earliestTask() == &other);
  CHECK(queue.earliest() == at(20));
  queue.remove(other);
  queue.remove(other);
  CHECK(&queue.earliestTask() == &one);
  queue.remove(one);
  CHECK(queue.empty());
}

TEST_CASE("due queue: the earliest is that of a sorted list, whatever is set and removed") {
  std::mt19937 random(7);
  std::array<Task, 40> tasks;
  std::map<const internal::LoopTask*, core::Time> expected;
  DueQueue queue;
  for (int step = 0; step < 20'000; ++step) {
    Task& task = tasks[random() % tasks.size()];
    if (random() % 3 == 0) {
      queue.remove(task);
      expected.erase(&task);
    } else {
      const core::Time time = at(static_cast<int>(random() % 100));
      queue.set(task, time);
      expected[&task] = time;
    }
    REQUIRE(queue.empty() == expected.empty());
    if (expected.empty()) {
      continue;
    }
    core::Time earliest = expected.begin()->second;
    for (const auto& [each, time] : expected) {
      earliest = std::min(earliest, time);
    }
    REQUIRE(queue.earliest() == earliest);
    REQUIRE(expected.at(&queue.earliestTask()) == earliest);
  }
}

}  // namespace tidewire::native
