#include "core/ring_queue.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>

namespace tidewire::core {
namespace {

/// Counts how many of its kind exist. It cannot be copied, nor made without an argument.
class Counted {
 public:
  explicit Counted(int value) : value(std::make_unique<int>(value)) { ++alive; }
  Counted(Counted&& other) noexcept : value(std::move(other.value)) { ++alive; }
  Counted& operator=(Counted&&) = default;
  ~Counted() { --alive; }

  static inline int alive = 0;
  std::unique_ptr<int> value;
};

}  // namespace

TEST_CASE("ring queue: elements leave in the order in which they came, across every wrap and growth") {
  RingQueue<std::string> queue;
  std::deque<std::string> expected;
  int next = 0;
  for (int round = 0; round < 300; ++round) {
    for (int i = 0; i <= round % 7; ++i) {
      queue.push_back("element " + std::to_string(next));
      expected.push_back("element " + std::to_string(next++));
    }
    for (int i = 0; i < round % 6 && !expected.empty(); ++i) {
      REQUIRE(queue.front() == expected.front());
      queue.pop_front();
      expected.pop_front();
    }
    REQUIRE(queue.size() == expected.size());
    for (std::size_t at = 0; at < expected.size(); ++at) {
      REQUIRE(queue[at] == expected[at]);
    }
  }
  while (!expected.empty()) {
    REQUIRE(queue.front() == expected.front());
    queue.pop_front();
    expected.pop_front();
  }
  CHECK(queue.empty());
}

TEST_CASE("ring queue: an element is destroyed when it leaves, with the queue, and once") {
  {
    RingQueue<Counted> queue;
    for (int i = 0; i < 100; ++i) {
      queue.push_back(Counted(i));
    }
    CHECK(Counted::alive == 100);
    queue.pop_front();
    CHECK(Counted::alive == 99);
    CHECK(*queue.front().value == 1);

    RingQueue<Counted> other(std::move(queue));
    CHECK(queue.empty());
    CHECK(Counted::alive == 99);
    queue.push_back(Counted(7));
    other = std::move(queue);
    CHECK(Counted::alive == 1);
    CHECK(*other.front().value == 7);
    other.clear();
    CHECK(Counted::alive == 0);
    for (int i = 0; i < 5; ++i) {
      other.push_back(Counted(i));
    }
  }
  CHECK(Counted::alive == 0);
}

TEST_CASE("ring queue: an element can be taken out of the middle, also where the queue wraps around") {
  for (std::size_t at = 0; at < 4; ++at) {
    RingQueue<Counted> queue;
    for (int i = -2; i < 2; ++i) {
      queue.push_back(Counted(i));
    }
    queue.pop_front();
    queue.pop_front();
    queue.push_back(Counted(2));
    queue.push_back(Counted(3));
    queue.erase(at);
    REQUIRE(queue.size() == 3);
    CHECK(Counted::alive == 3);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(*queue[i].value == static_cast<int>(i < at ? i : i + 1));
    }
  }
  CHECK(Counted::alive == 0);
}

}  // namespace tidewire::core
