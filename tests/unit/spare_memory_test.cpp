#include <doctest/doctest.h>

#include <cstring>
#include <vector>

#include "rfc6455/spare_memory.hpp"

namespace tidewire::native {
namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;

/// No other test's pieces.
struct NoSpares {
  NoSpares() {
    trimSpareMemory();
    trimSpareMemory();
  }
  ~NoSpares() {
    trimSpareMemory();
    trimSpareMemory();
  }
};

TEST_CASE("spare memory: a freed piece is used again, the last one first") {
  const NoSpares none;
  const Memory one = allocate(100 * kKiB);
  const Memory other = allocate(128 * kKiB);
  CHECK(one.capacity == 128 * kKiB);
  release(one);
  release(other);
  CHECK(spareMemoryBytes() == 256 * kKiB);
  const Memory again = allocate(70 * kKiB);
  CHECK(again.data == other.data);
  CHECK(spareMemoryBytes() == 128 * kKiB);
  release(again);
}

TEST_CASE("spare memory: pieces below 256 bytes and above 16 MiB are not kept") {
  const NoSpares none;
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{255}, 16 * kMiB + 1}) {
    CAPTURE(bytes);
    const Memory memory = allocate(bytes);
    CHECK(memory.capacity == bytes);
    release(memory);
    CHECK(spareMemoryBytes() == 0);
  }
}

TEST_CASE("spare memory: no more than 32 MiB are kept") {
  const NoSpares none;
  std::vector<Memory> pieces;
  for (int i = 0; i < 40; ++i) {
    pieces.push_back(allocate(kMiB));
  }
  for (const Memory& piece : pieces) {
    release(piece);
  }
  CHECK(spareMemoryBytes() == 32 * kMiB);
}

TEST_CASE("spare memory: what was in no use between two trims is freed, and nothing else") {
  const NoSpares none;
  const Memory one = allocate(kMiB);
  const Memory other = allocate(kMiB);
  release(one);
  release(other);
  trimSpareMemory();
  CHECK(spareMemoryBytes() == 2 * kMiB);
  release(allocate(kMiB));
  trimSpareMemory();
  CHECK(spareMemoryBytes() == kMiB);
  trimSpareMemory();
  CHECK(spareMemoryBytes() == 0);
}

TEST_CASE("spare memory: growing keeps the content") {
  struct Step {
    std::size_t from;
    std::size_t to;
  };
  const std::vector<Step> steps = {
      {0, 10}, {10, 1000}, {1000, 40 * kKiB}, {40 * kKiB, 3 * kMiB}, {3 * kMiB, 20 * kMiB}, {20 * kMiB, 30 * kMiB}};
  for (const Step& step : steps) {
    const std::size_t from = step.from;
    const std::size_t to = step.to;
    CAPTURE(from);
    CAPTURE(to);
    Memory memory = from == 0 ? Memory() : allocate(from);
    for (std::size_t i = 0; i < from; ++i) {
      memory.data[i] = static_cast<std::byte>(i * 7);
    }
    memory = reallocate(memory, from, to);
    REQUIRE(memory.capacity >= to);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < from; ++i) {
      wrong += memory.data[i] == static_cast<std::byte>(i * 7) ? 0 : 1;
    }
    CHECK(wrong == 0);
    release(memory);
  }
}

}  // namespace
}  // namespace tidewire::native
