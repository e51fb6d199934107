#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <vector>

#include "contract/test_client.hpp"
#include "support/ticker_server.hpp"
#include "tidewire/session.hpp"

using contract::pumpUntil;
using tidewire::Session;

namespace {

/// A session that must never lose its connection.
class Steady {
 public:
  explicit Steady(const support::TickerServer& server) : session({.url = server.url("/stream")}) {
    session.onClose([this](const tidewire::CloseInfo&) { ++closes_; });
    session.connect();
  }
  ~Steady() {
    CHECK(closes_ == 0);
    CHECK(session.stats().attempts == 1);
  }
  Steady(const Steady&) = delete;
  Steady& operator=(const Steady&) = delete;

  Session session;

 private:
  std::atomic<int> closes_ = 0;
};

}  // namespace

// The ticker server closed with 4005 whoever asked for more at once than it keeps for a client.
TEST_CASE("session: it gets 16 MB of answers requested at once, and is never too-slow") {
  support::TickerServer server({"--symbols", "AAPL", "--speed", "1000"});
  Steady steady(server);
  std::atomic<bool> enough = false;
  tidewire::Subscription prices = steady.session.subscribe(
      "ticker/AAPL", {}, {.onEvent = [&](const tidewire::Event& event) { enough = enough || event.seq >= 1000; }});
  pumpUntil("a long history", [&] { return enough.load(); });

  constexpr int kRequests = 200;
  std::atomic<int> answers = 0;
  std::atomic<int> large = 0;
  std::vector<tidewire::Request> requests;
  requests.reserve(kRequests);
  for (int i = 0; i < kRequests; ++i) {
    requests.push_back(steady.session.request("history", R"({"symbol":"AAPL","count":1000})", {.timeout = {}},
                                              [&](const tidewire::Reply& reply) {
                                                large += !reply.error && reply.body.text().size() > 70'000 ? 1 : 0;
                                                ++answers;
                                              }));
  }
  pumpUntil("all answers", [&] { return answers == kRequests; });
  CHECK(large == kRequests);
}

TEST_CASE("session: its acknowledgements may exceed the server's queue limit many times") {
  support::TickerServer server({"--max-queue", "1000", "--publish-rate", "1000000"});
  Steady steady(server);
  constexpr int kPublishes = 2'000;
  std::atomic<int> acks = 0;
  std::atomic<int> published = 0;
  for (int i = 0; i < kPublishes; ++i) {
    CHECK(steady.session.publish("chat/c", "x", {.ack = true}, [&](const tidewire::Ack& ack) {
      published += ack.outcome == tidewire::Ack::Outcome::Published ? 1 : 0;
      ++acks;
    }) == tidewire::CallResult::Queued);
  }
  pumpUntil("all acknowledgements", [&] { return acks == kPublishes; });
  CHECK(published == kPublishes);
}
