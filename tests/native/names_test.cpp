// Name look-ups: what hangs, is abandoned, or is known already.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "addresses.hpp"
#include "contract/test_client.hpp"
#include "support/names.hpp"
#include "support/ticker_server.hpp"

using namespace std::chrono_literals;
using contract::pumpUntil;
using contract::TestClient;
using support::Names;
using tidewire::native::Addresses;
using tidewire::native::LookUp;

namespace {

std::string scripted(std::size_t number) {
  return "name" + std::to_string(number) + ".scripted";
}

std::string to(const std::string& host, const support::TickerServer& server) {
  return "ws://" + host + ":" + std::to_string(server.port()) + "/echo";
}

/// Clients for names whose look-ups hang.
std::vector<std::unique_ptr<TestClient>> stranded(Names& names, std::size_t count, std::chrono::milliseconds patience) {
  std::vector<std::unique_ptr<TestClient>> clients;
  for (std::size_t i = 0; i < count; ++i) {
    names.hang(scripted(i));
    clients.push_back(std::make_unique<TestClient>(tidewire::Options{
        .url = "ws://" + scripted(i) + "/", .connectTimeout = patience, .reconnect = {.enabled = false}}));
    clients.back()->client().connect();
  }
  return clients;
}

/// What a look-up answered.
struct Answer {
  std::atomic<bool> came = false;
  Addresses addresses = {};

  LookUp::Done keep() {
    return [this](Addresses found) {
      addresses = std::move(found);
      came = true;
    };
  }
  const Addresses& await() {
    pumpUntil("a look-up answers", [this] { return came.load(); });
    return addresses;
  }
};

}  // namespace

TEST_CASE("names: look-ups of ended attempts delay no other look-up") {
  support::TickerServer server({"--allow-host", "alive.scripted"});
  Names names;
  const auto dead = stranded(names, 3 * LookUp::kAtOnce, 50ms);
  for (const auto& client : dead) {
    client->awaitCloses(1);
  }
  CHECK(names.hanging() >= LookUp::kAtOnce);
  names.answer("alive.scripted", "127.0.0.1");
  TestClient alive({.url = to("alive.scripted", server), .reconnect = {.enabled = false}});
  alive.client().connect();
  alive.awaitOpens(1);
}

TEST_CASE("names: a look-up thread blocks all signals except those raised by an instruction") {
  Names names;
  names.answer("masked.scripted", "127.0.0.5");
  Answer answer;
  LookUp lookUp("masked.scripted", answer.keep());
  (void)answer.await();
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT}) {
    CAPTURE(fault);
    CHECK_FALSE(names.blocked(fault));
  }
  for (const int other : {SIGINT, SIGTERM, SIGCHLD, SIGPIPE}) {
    CAPTURE(other);
    CHECK(names.blocked(other));
  }
}

TEST_CASE("names: localhost and literals are not looked up, and wait for no look-up") {
  support::TickerServer server;
  Names names;
  const auto dead = stranded(names, 2 * LookUp::kAtOnce, 1h);
  pumpUntil("all places are taken", [&] { return names.hanging() >= LookUp::kAtOnce; });
  for (const std::string host : {"localhost", "LocalHost", "shop.localhost", "127.0.0.1"}) {
    CAPTURE(host);
    TestClient client({.url = to(host, server), .reconnect = {.enabled = false}});
    client.client().connect();
    client.awaitOpens(1);
    CHECK_FALSE(client.log().opens[0].times.lookUp.has_value());
  }
}

TEST_CASE("names: localhost is loopback of both families, and only whole labels count") {
  using tidewire::native::withoutLookUp;
  const std::vector<std::string> loopback{"::1", "127.0.0.1"};
  for (const std::string host : {"localhost", "localhost.", "a.localhost", "a.b.LOCALHOST."}) {
    CAPTURE(host);
    REQUIRE(withoutLookUp(host));
    CHECK(withoutLookUp(host)->numeric == loopback);
  }
  for (const std::string host : {"notlocalhost", "localhost.example", "local", "", ".", "example.com"}) {
    CAPTURE(host);
    CHECK_FALSE(withoutLookUp(host));
  }
}

TEST_CASE("names: one look-up answers everybody who waits for the same name") {
  Names names;
  names.hang("shared.scripted");
  Answer first;
  Answer second;
  LookUp one("shared.scripted", first.keep());
  pumpUntil("it hangs", [&] { return names.hanging("shared.scripted") == 1; });
  LookUp two("shared.scripted", second.keep());
  names.answer("shared.scripted", "127.0.0.5");
  CHECK(first.await().numeric == std::vector<std::string>{"127.0.0.5"});
  CHECK(second.await().numeric == std::vector<std::string>{"127.0.0.5"});
  CHECK(names.asked("shared.scripted") == 1);
}

TEST_CASE("names: a look-up that one of two gives up still answers the other") {
  Names names;
  names.hang("shared.scripted");
  Answer first;
  Answer second;
  auto one = std::make_unique<LookUp>("shared.scripted", first.keep());
  LookUp two("shared.scripted", second.keep());
  one.reset();
  names.answer("shared.scripted", "127.0.0.5");
  CHECK(second.await().numeric == std::vector<std::string>{"127.0.0.5"});
  CHECK_FALSE(first.came);
}

TEST_CASE("names: an answer that is known serves while every place is taken, and only then") {
  Names names;
  names.answer("known.scripted", "127.0.0.5");
  {
    Answer fresh;
    LookUp lookUp("known.scripted", fresh.keep());
    CHECK(fresh.await().numeric == std::vector<std::string>{"127.0.0.5"});
  }
  names.answer("known.scripted", "127.0.0.6");
  {
    Answer fresh;
    LookUp lookUp("known.scripted", fresh.keep());
    CHECK(fresh.await().numeric == std::vector<std::string>{"127.0.0.6"});
  }
  const auto dead = stranded(names, 2 * LookUp::kAtOnce, 1h);
  pumpUntil("all places are taken", [&] { return names.hanging() >= LookUp::kAtOnce; });
  names.answer("known.scripted", "127.0.0.7");
  Answer known;
  LookUp lookUp("known.scripted", known.keep());
  CHECK(known.await().numeric == std::vector<std::string>{"127.0.0.6"});
  CHECK(names.asked("known.scripted") == 2);
}

TEST_CASE("names: a name that hangs is looked up anew by the next attempt, but by no more than two threads") {
  Names names;
  names.hang("slow.scripted");
  Answer answer;
  for (std::size_t i = 1; i <= LookUp::kMostOfOneName; ++i) {
    LookUp lookUp("slow.scripted", answer.keep());
    pumpUntil("it hangs", [&] { return names.hanging("slow.scripted") == i; });
  }
  LookUp third("slow.scripted", answer.keep());
  names.answer("slow.scripted", "127.0.0.5");
  CHECK(answer.await().numeric == std::vector<std::string>{"127.0.0.5"});
  CHECK(names.asked("slow.scripted") == LookUp::kMostOfOneName);
}

TEST_CASE("names: abandoned look-ups stay within the thread limit, and waiting ones continue when they end") {
  Names names;
  Answer answer;
  // One of an earlier test's clients, which are destroyed later, may be among them.
  for (std::size_t i = 0; names.hanging() < LookUp::kMostThreads; ++i) {
    names.hang(scripted(i));
    LookUp lookUp(scripted(i), answer.keep());
    pumpUntil("it hangs", [&] { return names.hanging(scripted(i)) > 0 || names.hanging() == LookUp::kMostThreads; });
  }
  { LookUp given(scripted(LookUp::kMostThreads), answer.keep()); }
  names.answer("last.scripted", "127.0.0.5");
  Answer last;
  LookUp lookUp("last.scripted", last.keep());
  CHECK(names.asked("last.scripted") == 0);
  names.release();
  CHECK(last.await().numeric == std::vector<std::string>{"127.0.0.5"});
  CHECK(names.asked(scripted(LookUp::kMostThreads)) == 0);
  CHECK_FALSE(answer.came);
}
