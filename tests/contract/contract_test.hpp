#pragma once

#include <doctest/doctest.h>

#include <string_view>

#include "test_client.hpp"
#include "world.hpp"

namespace contract {

/// Begins a test in a fresh world. Returns false if the table of skips names it; then the test does nothing.
[[nodiscard]] bool begins(std::string_view test);

}  // namespace contract

/// A contract test: one body, every transport. `name` is a sentence, subject first.
#define CONTRACT_TEST(name) CONTRACT_TEST_NUMBERED(name, __COUNTER__)
#define CONTRACT_TEST_NUMBERED(name, number) CONTRACT_TEST_NAMED(name, number)
#define CONTRACT_TEST_NAMED(name, number) \
  static void contractBody##number();     \
  TEST_CASE(name) {                       \
    if (contract::begins(name)) {         \
      contractBody##number();             \
    }                                     \
  }                                       \
  static void contractBody##number()
