#include "core/protocol/outbox_budget.hpp"

#include <doctest/doctest.h>

#include <cstdint>

namespace tidewire::core::protocol {

constexpr std::size_t kEach = OutboxBudget::kCallBytes;

TEST_CASE("outbox budget: the bytes of bodies and a constant for each call are bounded together") {
  OutboxBudget budget({.maxBytes = 2 * kEach + 100, .maxCalls = 10});
  CHECK(budget.admit(60) == CallResult::Queued);
  CHECK(budget.admit(41) == CallResult::QueueFull);
  CHECK(budget.admit(40) == CallResult::Queued);
  CHECK(budget.admit(0) == CallResult::QueueFull);
  budget.release(60);
  CHECK(budget.admit(61) == CallResult::QueueFull);
  CHECK(budget.admit(60) == CallResult::Queued);
}

TEST_CASE("outbox budget: the number of calls is bounded") {
  OutboxBudget budget({.maxBytes = 1'000'000, .maxCalls = 2});
  CHECK(budget.admit(1) == CallResult::Queued);
  CHECK(budget.admit(1) == CallResult::Queued);
  CHECK(budget.admit(1) == CallResult::QueueFull);
  budget.release(1);
  CHECK(budget.admit(1) == CallResult::Queued);
}

TEST_CASE("outbox budget: a call that the empty outbox has no room for is too large, whatever its size") {
  OutboxBudget budget({.maxBytes = kEach + 10, .maxCalls = 2});
  CHECK(budget.admit(11) == CallResult::TooLarge);
  CHECK(budget.admit(SIZE_MAX) == CallResult::TooLarge);
  CHECK(budget.admit(10) == CallResult::Queued);
  CHECK(budget.admit(11) == CallResult::TooLarge);

  OutboxBudget tiny({.maxBytes = kEach - 1, .maxCalls = 2});
  CHECK(tiny.admit(0) == CallResult::TooLarge);
}

}  // namespace tidewire::core::protocol
