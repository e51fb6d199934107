#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "model.hpp"
#include "sparkline.hpp"
#include "text.hpp"
#include "tick.hpp"

using namespace std::chrono_literals;
using dashboard::Charset;
using dashboard::Model;
using dashboard::sparkline;
using dashboard::Tick;
using dashboard::Time;
using Lines = std::vector<std::string>;

TEST_CASE("sparkline: the lowest and the highest price span one line") {
  CHECK(sparkline({1, 2, 3, 4, 5, 6, 7, 8}, 8, 1, Charset::Utf8) == Lines{"▁▂▃▄▅▆▇█"});
  CHECK(sparkline({1, 2, 3, 4, 5, 6, 7, 8}, 8, 1, Charset::Ascii) == Lines{".:-=+*%#"});
}

TEST_CASE("sparkline: two lines have twice the steps, from the top down") {
  CHECK(sparkline({1, 16, 8, 9}, 4, 2, Charset::Utf8) == Lines{" █ ▁", "▁███"});
}

TEST_CASE("sparkline: the newest prices are kept, on the right") {
  CHECK(sparkline({100, 1, 8}, 2, 1, Charset::Utf8) == Lines{"▁█"});
  CHECK(sparkline({1, 8}, 4, 1, Charset::Utf8) == Lines{"  ▁█"});
}

TEST_CASE("sparkline: prices that are all alike are in the middle") {
  const auto lines = sparkline({5, 5}, 2, 1, Charset::Utf8);
  CHECK(lines == Lines{"▅▅"});
}

TEST_CASE("sparkline: where prices are missing, nothing is drawn") {
  CHECK(sparkline({1, std::nullopt, 8}, 3, 1, Charset::Utf8) == Lines{"▁ █"});
  CHECK(sparkline({1, 2, std::nullopt}, 1, 1, Charset::Utf8) == Lines{" "});
}

TEST_CASE("sparkline: no price and no room are blank") {
  CHECK(sparkline({}, 3, 2, Charset::Utf8) == Lines{"   ", "   "});
  CHECK(sparkline({1, 2}, 0, 1, Charset::Utf8) == Lines{""});
  CHECK(sparkline({1, 2}, 2, 0, Charset::Utf8).empty());
}

TEST_CASE("tick: the server's message is read") {
  const auto tick =
      dashboard::parseTick(R"({"symbol":"AAPL","price":170.57,"change":-0.42,"seq":123,"ts":1700000000017})");
  REQUIRE(tick);
  CHECK(dashboard::formatTick(*tick) == "AAPL 170.57 -0.42% seq 123");
}

TEST_CASE("tick: anything else is nothing") {
  for (const char* text :
       {"", "pong", "[]", "{", R"({"error":"unknown symbol: XYZ"})", R"({"symbol":1,"price":1,"change":0,"seq":1})",
        R"({"symbol":"A","price":"1","change":0,"seq":1})"}) {
    CAPTURE(text);
    CHECK_FALSE(dashboard::parseTick(text));
  }
}

TEST_CASE("tick: a symbol cannot command the terminal") {
  const auto tick = dashboard::parseTick("{\"symbol\":\"A\\u001b[2J\\n\",\"price\":1,\"change\":0,\"seq\":1}");
  REQUIRE(tick);
  CHECK(tick->symbol == "A?[2J?");
}

TEST_CASE("text: a change has its sign, but none where it rounds to zero") {
  CHECK(dashboard::formatChange(0.424) == "+0.42%");
  CHECK(dashboard::formatChange(-12.5) == "-12.50%");
  CHECK(dashboard::formatChange(-0.004) == "0.00%");
}

TEST_CASE("text: times are as long as they need to be") {
  CHECK(dashboard::formatSeconds(420ms) == "0.4 s");
  CHECK(dashboard::formatSeconds(-1s) == "0.0 s");
  CHECK(dashboard::formatDuration(7s) == "0:07");
  CHECK(dashboard::formatDuration(12min + 7s) == "12:07");
  CHECK(dashboard::formatDuration(3h + 2min + 7s) == "3:02:07");
  CHECK(dashboard::formatRoundTrip(420us) == "0.42 ms");
  CHECK(dashboard::formatRoundTrip(53ms) == "53 ms");
}

TEST_CASE("text: customers read why an attempt ended, helpers the detail too") {
  tidewire::CloseInfo info;
  info.cause = tidewire::CloseCause::ConnectTimeout;
  CHECK(dashboard::reasonOf(info) == "the server does not answer");
  CHECK(dashboard::detailOf(info) == "the server does not answer");
  info.detail = "no route";
  CHECK(dashboard::reasonOf(info) == "the server does not answer");
  CHECK(dashboard::detailOf(info) == "the server does not answer: no route");
}

TEST_CASE("text: the peer's reason is shown, and cannot control the terminal") {
  tidewire::CloseInfo info;
  info.cause = tidewire::CloseCause::ClosedByPeer;
  info.code = 1001;
  info.reason = "going\naway";
  CHECK(dashboard::reasonOf(info) == "the server ended the connection (1001: going?away)");
}

TEST_CASE("model: a lost connection is described with its reason until the next one is open") {
  const Time start{};
  Model model(start);
  model.stateChanged(tidewire::State::Connecting);
  CHECK(model.describe(start) == "connecting");
  model.stateChanged(tidewire::State::Waiting);
  tidewire::CloseInfo info;
  info.cause = tidewire::CloseCause::ConnectFailed;
  info.detail = "errno 111";
  info.retryIn = 1500ms;
  model.closed(info, start);
  CHECK(model.describe(start + 400ms) == "next try in 1.1 s: the server cannot be reached");
  model.stateChanged(tidewire::State::Connecting);
  CHECK(model.describe(start + 2s) == "trying again: the server cannot be reached");
  model.stateChanged(tidewire::State::Open);
  tidewire::Opened opened;
  opened.reconnects = 1;
  opened.handshakeTime = 1234us;
  model.opened(opened, start + 3s);
  CHECK(model.describe(start + 10s) == "open for 0:07, handshake 1.23 ms");
  CHECK(model.reconnects() == 1);
}

TEST_CASE("model: a round-trip time is forgotten with its connection") {
  Model model(Time{});
  model.stateChanged(tidewire::State::Open);
  model.heartbeat({.roundTrip = 420us});
  CHECK(model.roundTrip() == 420us);
  model.stateChanged(tidewire::State::Waiting);
  CHECK_FALSE(model.roundTrip());
}

TEST_CASE("model: prices are counted over at least a second") {
  const Time start{};
  Model model(start);
  for (int i = 0; i < 30; ++i) {
    model.ticked(Tick{.symbol = "AAPL", .price = 1, .change = 0, .seq = 1}, 0, Time{});
  }
  model.measure(start + 999ms);
  CHECK(model.pricesPerSecond() == 0);
  model.measure(start + 2s);
  CHECK(model.pricesPerSecond() == 15);
  model.measure(start + 3s);
  CHECK(model.pricesPerSecond() == 0);
}

TEST_CASE("model: each symbol keeps its newest tick and a bounded number of prices") {
  Model model(Time{});
  for (int i = 1; i <= 2000; ++i) {
    model.ticked(Tick{.symbol = "TSLA", .price = static_cast<double>(i), .change = 0, .seq = 1}, 0, Time{});
  }
  model.ticked(Tick{.symbol = "AAPL", .price = 7, .change = 0, .seq = 9}, 3, Time{});
  REQUIRE(model.series().size() == 2);
  CHECK(model.series().at("AAPL").newest.seq == 9);
  CHECK(model.series().at("AAPL").skipped == 3);
  const auto& prices = model.series().at("TSLA").prices;
  CHECK(prices.size() <= 1000);
  CHECK(prices.back() == 2000);
}

TEST_CASE("model: a price is stale once it is older than twice the usual distance, and at least a second") {
  const Time start{};
  Model model(start);
  const auto tick = [&model](Time now) {
    model.ticked(Tick{.symbol = "AAPL", .price = 1, .change = 0, .seq = 1}, 0, now);
  };
  const auto isLiveAt = [&model](Time now) {
    model.aged("AAPL", true, std::nullopt, now);
    return model.series().at("AAPL").live;
  };
  Time now = start;
  for (int i = 0; i < 20; ++i) {
    tick(now += 50ms);
  }
  CHECK(isLiveAt(now + 1s));
  CHECK_FALSE(isLiveAt(now + 1001ms));
  for (int i = 0; i < 40; ++i) {
    tick(now += 3s);
  }
  CHECK(isLiveAt(now + 5s));
  CHECK_FALSE(isLiveAt(now + 6100ms));
}

TEST_CASE("model: a price that was old when it came is stale, and so is one whose subscription is not live") {
  Model model(Time{});
  model.ticked(Tick{.symbol = "AAPL", .price = 1, .change = 0, .seq = 1}, 0, Time{});
  model.aged("AAPL", true, 2s, Time{});
  CHECK_FALSE(model.series().at("AAPL").live);
  model.aged("AAPL", false, 10ms, Time{});
  CHECK_FALSE(model.series().at("AAPL").live);
  model.aged("AAPL", true, 10ms, Time{});
  CHECK(model.series().at("AAPL").live);
}

TEST_CASE("model: an outage does not count as a distance between prices") {
  const Time start{};
  Model model(start);
  const auto tick = [&model](Time now) {
    model.ticked(Tick{.symbol = "AAPL", .price = 1, .change = 0, .seq = 1}, 0, now);
  };
  tick(start);
  tick(start + 100ms);
  model.closed({}, start + 200ms);
  tick(start + 60s);
  model.aged("AAPL", true, std::nullopt, start + 60s + 1100ms);
  CHECK_FALSE(model.series().at("AAPL").live);
}

TEST_CASE("model: an open connection without a fresh price shows for how long") {
  const Time start{};
  Model model(start);
  model.stateChanged(tidewire::State::Open);
  model.opened({}, start);
  model.ticked(Tick{.symbol = "AAPL", .price = 1, .change = 0, .seq = 1}, 0, start + 1s);
  model.aged("AAPL", true, std::nullopt, start + 4s);
  CHECK(model.describe(start + 4s) == "no prices for 3.0 s");
  CHECK(model.isQuiet());
  model.ticked(Tick{.symbol = "AAPL", .price = 1, .change = 0, .seq = 2}, 0, start + 4s);
  model.aged("AAPL", true, std::nullopt, start + 4s);
  CHECK(model.describe(start + 4s) == "open for 0:04, handshake 0.00 ms");
}

TEST_CASE("model: missing events are counted, and a refusal is kept, for each symbol") {
  Model model(Time{});
  model.ticked(Tick{.symbol = "AAPL", .price = 1, .change = 0, .seq = 1}, 0, Time{});
  model.missed("AAPL");
  model.missed("AAPL");
  model.aged("AAPL", true, 420ms, Time{});
  model.aged("TSLA", true, 420ms, Time{});
  model.refused("NONE", "unknown-channel");
  REQUIRE(model.series().size() == 2);
  const dashboard::Series& apple = model.series().at("AAPL");
  CHECK(apple.gaps == 2);
  CHECK(apple.prices == dashboard::Prices{1, std::nullopt});
  CHECK(apple.live);
  CHECK(apple.age == 420ms);
  CHECK(model.series().at("NONE").refusal == "unknown-channel");
}

TEST_CASE("model: a refusal of the server is shown until the next connection") {
  const Time start{};
  Model model(start);
  model.stateChanged(tidewire::State::Open);
  model.opened({}, start);
  model.refused("", "there is no method symbols (unknown-method)");
  CHECK(model.describe(start) == "there is no method symbols (unknown-method)");
  model.opened({}, start);
  CHECK(model.describe(start) == "open for 0:00, handshake 0.00 ms");
}

TEST_CASE("text: an age is never less than nothing") {
  CHECK(dashboard::formatAge(-20ms) == "0.0 s old");
  CHECK(dashboard::formatAge(3400ms) == "3.4 s old");
  CHECK(dashboard::formatAge(72s) == "1:12 old");
}
