#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "any_thread.hpp"
#include "support/ticker_server.hpp"
#include "tidewire/session.hpp"

using namespace std::chrono_literals;
using any_thread::kPatience;
using any_thread::pollUntil;
using tidewire::Ack;
using tidewire::CallResult;
using tidewire::Session;

namespace {

constexpr int kThreads = 4;
constexpr int kCallsEach = 5'000;

/// Calls `call` so often on each of the threads, which begin together.
template <class Call>
void callFromThreads(const Call& call) {
  std::atomic<int> ready = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (++ready; ready < kThreads;) {
      }
      for (int made = 0; made < kCallsEach; ++made) {
        call();
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

}  // namespace

// Without an acknowledgement nothing tells of a publish that is never sent but what a subscriber gets.
TEST_CASE("threads: each call of a session made by one of four threads is sent, and ends once" * doctest::skip()) {
  support::TickerServer server({"--publish-rate", "100000000"});
  std::array<std::atomic<int>, 4> outcomes{};
  std::atomic<int> replies = 0;
  std::atomic<int> accepted = 0;
  Session session({.url = server.url("/stream")}, {.outbox = {.maxCalls = 1'000'000}});
  session.connect();
  REQUIRE(session.waitOpen(kPatience) == tidewire::WaitResult::Reached);
  callFromThreads([&] {
    const CallResult published = session.publish(
        "chat/a", "x", {.ack = true}, [&](const Ack& ack) { ++outcomes[static_cast<std::size_t>(ack.outcome)]; });
    const auto asked = session.request("none", "", {}, [&](const tidewire::Reply&) { ++replies; });
    accepted += published == CallResult::Queued && asked.result() == CallResult::Queued ? 1 : 0;
  });
  REQUIRE(accepted == kThreads * kCallsEach);
  pollUntil(session, [&] { return outcomes[0] + outcomes[1] + outcomes[2] + outcomes[3] + replies == 2 * accepted; });
  CHECK(outcomes[static_cast<std::size_t>(Ack::Outcome::Refused)] == 0);
  CHECK(outcomes[static_cast<std::size_t>(Ack::Outcome::Unknown)] == 0);
  CHECK(outcomes[static_cast<std::size_t>(Ack::Outcome::NotSent)] == 0);
  CHECK(session.stats().attempts == 1);
}
