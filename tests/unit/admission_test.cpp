#include "core/admission.hpp"

#include <doctest/doctest.h>

#include <chrono>

namespace tidewire::core::test {
namespace {

using namespace std::chrono_literals;
using Verdict = Admission::Verdict;

TEST_CASE("admission: a message is accepted up to both limits, exactly") {
  const Admission admission({.maxBytes = 10, .maxMessages = 3});
  CHECK(admission.judge(10, {}, false, {0, 0}) == Verdict::Accept);
  CHECK(admission.judge(11, {}, false, {0, 0}) == Verdict::TooLarge);
  CHECK(admission.judge(4, {}, false, {2, 6}) == Verdict::Accept);
  CHECK(admission.judge(5, {}, false, {2, 6}) == Verdict::Full);
  CHECK(admission.judge(0, {}, false, {3, 0}) == Verdict::Full);
}

TEST_CASE("admission: a full queue displaces its oldest messages only where the options allow it") {
  const Admission admission({.maxBytes = 10, .maxMessages = 3, .whenFull = WhenFull::DropOldest});
  CHECK(admission.judge(1, {}, false, {3, 3}) == Verdict::Displace);
  CHECK(admission.judge(11, {}, false, {0, 0}) == Verdict::TooLarge);
}

TEST_CASE("admission: while not open a message waits or is refused, as the options or the call want it") {
  const Admission queues({.whenNotOpen = WhenNotOpen::Queue});
  const Admission refuses({.whenNotOpen = WhenNotOpen::Refuse});
  CHECK(queues.judge(1, {}, false, {}) == Verdict::Accept);
  CHECK(queues.judge(1, WhenNotOpen::Refuse, false, {}) == Verdict::NotOpen);
  CHECK(refuses.judge(1, {}, false, {}) == Verdict::NotOpen);
  CHECK(refuses.judge(1, WhenNotOpen::Queue, false, {}) == Verdict::Accept);
  CHECK(refuses.judge(1, {}, true, {}) == Verdict::Accept);
}

TEST_CASE("admission: a queue is trimmed above its limits, and not at them") {
  const Admission admission({.maxBytes = 10, .maxMessages = 3});
  CHECK_FALSE(admission.isExceeded({3, 10}));
  CHECK(admission.isExceeded({4, 0}));
  CHECK(admission.isExceeded({0, 11}));
}

TEST_CASE("admission: messages expire at maxAge, and never where it is zero") {
  const Time since{1s};
  const Admission expires({.maxAge = 100ms});
  CHECK_FALSE(expires.hasExpired(99ms));
  CHECK(expires.hasExpired(100ms));
  CHECK(expires.expiry(since) == since + 100ms);
  const Admission keeps({});
  CHECK_FALSE(keeps.hasExpired(1h));
  CHECK_FALSE(keeps.expiry(since));
}

TEST_CASE("admission: the low-water mark itself counts as drained") {
  const Admission admission({.lowWaterBytes = 5});
  CHECK_FALSE(admission.isAboveLowWater(5));
  CHECK(admission.isAboveLowWater(6));
}

}  // namespace
}  // namespace tidewire::core::test
