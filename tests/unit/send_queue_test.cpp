#include "core/send_queue.hpp"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

namespace tidewire::core {
namespace {

using namespace std::chrono_literals;

// Notes the handles that were released.
struct Released {
  std::vector<std::uintptr_t> handles;

  [[nodiscard]] Outgoing message(std::uintptr_t handle, std::size_t sizeBytes) {
    return {.kind = MessageKind::Text, .sizeBytes = sizeBytes, .payload = Payload(this, handle, &note)};
  }

 private:
  static void note(void* owner, std::uintptr_t handle) noexcept {
    static_cast<Released*>(owner)->handles.push_back(handle);
  }
};

using Handles = std::vector<std::uintptr_t>;

constexpr Time kNow{1h};

Handles popAll(SendQueue& queue) {
  Handles handles;
  while (!queue.empty()) {
    handles.push_back(queue.pop().payload.handle());
  }
  return handles;
}

}  // namespace

TEST_CASE("send queue: messages come out in the order they went in") {
  Released released;
  SendQueue queue;
  queue.push(released.message(1, 10), kNow);
  queue.push({.kind = MessageKind::Binary, .sizeBytes = 20, .payload = {}}, kNow);
  queue.push(released.message(3, 30), kNow);
  CHECK(queue.pop().payload.handle() == 1);
  const Outgoing second = queue.pop();
  CHECK(second.kind == MessageKind::Binary);
  CHECK(second.sizeBytes == 20);
  CHECK(queue.pop().payload.handle() == 3);
  CHECK(queue.empty());
}

TEST_CASE("send queue: it knows how many messages and bytes it holds") {
  Released released;
  SendQueue queue;
  CHECK(queue.empty());
  CHECK(queue.count() == 0);
  CHECK(queue.bytes() == 0);
  queue.push(released.message(1, 10), kNow);
  queue.push(released.message(2, 0), kNow);
  queue.push(released.message(3, 30), kNow);
  CHECK_FALSE(queue.empty());
  CHECK(queue.count() == 3);
  CHECK(queue.bytes() == 40);
  (void)queue.pop();
  CHECK(queue.count() == 2);
  CHECK(queue.bytes() == 30);
}

TEST_CASE("send queue: dropping removes the oldest, frees it and returns its size") {
  Released released;
  SendQueue queue;
  for (std::uintptr_t handle = 1; handle <= 4; ++handle) {
    queue.push(released.message(handle, handle * 10), kNow);
  }
  CHECK(queue.drop(queue.leastWanted()) == 10);
  CHECK(queue.drop(queue.leastWanted()) == 20);
  CHECK(queue.drop(queue.leastWanted()) == 30);
  CHECK(released.handles == Handles{1, 2, 3});
  CHECK(queue.count() == 1);
  CHECK(queue.bytes() == 40);
  CHECK(queue.pop().payload.handle() == 4);
}

TEST_CASE("send queue: first messages are ahead of all others, in their own order") {
  Released released;
  SendQueue queue;
  queue.push(released.message(1, 10), kNow);
  queue.pushFirst(released.message(2, 20), kNow);
  queue.push(released.message(3, 30), kNow);
  queue.pushFirst(released.message(4, 40), kNow);
  CHECK(queue.first() == 2);
  CHECK(queue.count() == 4);
  CHECK(queue.bytes() == 100);
  SUBCASE("taking one leaves fewer of the first") {
    CHECK(queue.pop().payload.handle() == 2);
    CHECK(queue.first() == 1);
    queue.pushFirst(released.message(5, 50), kNow);
    CHECK(popAll(queue) == Handles{4, 5, 1, 3});
    CHECK(queue.first() == 0);
    CHECK(queue.bytes() == 0);
  }
}

TEST_CASE("send queue: first messages are dropped last") {
  Released released;
  SendQueue queue;
  queue.pushFirst(released.message(1, 10), kNow);
  queue.push(released.message(2, 20), kNow);
  queue.pushFirst(released.message(3, 30), kNow);
  queue.push(released.message(4, 40), kNow);
  CHECK(queue.drop(queue.leastWanted()) == 20);
  CHECK(queue.drop(queue.leastWanted()) == 40);
  CHECK(queue.first() == 2);
  CHECK(queue.drop(queue.leastWanted()) == 10);
  CHECK(queue.first() == 1);
  CHECK(queue.drop(queue.leastWanted()) == 30);
  CHECK(queue.first() == 0);
  CHECK(queue.empty());
  CHECK(released.handles == Handles{2, 4, 1, 3});
}

TEST_CASE("send queue: it knows since when the oldest message has been waiting") {
  Released released;
  SendQueue queue;
  queue.push(released.message(1, 1), kNow + 1s);
  queue.push(released.message(2, 1), kNow + 2s);
  queue.pushFirst(released.message(3, 1), kNow + 3s);
  CHECK(queue.oldestSince() == kNow + 1s);
  (void)queue.drop(queue.leastWanted());
  CHECK(queue.oldestSince() == kNow + 2s);
  (void)queue.drop(queue.leastWanted());
  CHECK(queue.oldestSince() == kNow + 3s);
}

TEST_CASE("send queue: the destructor frees its messages") {
  Released released;
  {
    SendQueue queue;
    queue.push(released.message(1, 1), kNow);
    queue.push(released.message(2, 1), kNow);
    const Outgoing taken = queue.pop();
    CHECK(released.handles.empty());
  }
  CHECK(released.handles == Handles{1, 2});
}

TEST_CASE("payload: it is released exactly once, however often it moves") {
  Released released;
  {
    Outgoing first = released.message(1, 1);
    Outgoing second = std::move(first);
    Payload third;
    third = std::move(second.payload);
    CHECK(third.handle() == 1);
    CHECK(released.handles.empty());
  }
  CHECK(released.handles == Handles{1});
}

TEST_CASE("payload: one that is assigned over is released") {
  Released released;
  Payload payload = released.message(1, 1).payload;
  payload = released.message(2, 1).payload;
  CHECK(released.handles == Handles{1});
  Payload& itself = payload;
  payload = std::move(itself);
  CHECK(released.handles == Handles{1});
  CHECK(payload.handle() == 2);
}

}  // namespace tidewire::core
