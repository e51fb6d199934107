#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "manual_client.hpp"

// `Options::endpoint` through the public class.
namespace tidewire::internal {
namespace {

using namespace std::chrono_literals;
using test::kPage;
using test::ManualClient;
using test::ManualExecutor;
using Texts = std::vector<std::string>;

/// Keeps the newest request, for a test to answer.
struct Asked {
  std::unique_ptr<EndpointRequest> request = {};
  int times = 0;

  [[nodiscard]] Callback<EndpointRequest> function() {
    return [this](EndpointRequest asked) {
      request = std::make_unique<EndpointRequest>(std::move(asked));
      ++times;
    };
  }
};

}  // namespace

TEST_CASE("endpoint function: it may answer at once, and the attempt goes there") {
  ManualClient manual({.url = "ws://configured/",
                       .subprotocols = {"a"},
                       .headers = {{"X", "1"}},
                       .endpoint = [](const EndpointRequest& request) {
                         Endpoint endpoint = request.configured();
                         CHECK(endpoint.url == "ws://configured/");
                         CHECK(request.attempt() == 1);
                         endpoint.url = "ws://elsewhere/?token=1";
                         endpoint.headers.push_back({"Authorization", "Bearer 1"});
                         request.answer(std::move(endpoint));
                       }});
  manual.open();
  CHECK(manual.transport().endpoint().url == "ws://elsewhere/?token=1");
  CHECK(manual.transport().endpoint().subprotocols == Texts{"a"});
  REQUIRE(manual.transport().endpoint().headers.size() == 2);
  CHECK(manual.transport().endpoint().headers[1].value == "Bearer 1");
}

TEST_CASE("endpoint function: with it no URL need be configured, and none is judged before") {
  Asked asked;
  ManualClient manual({.endpoint = asked.function()});
  CHECK(manual.client().connectFault().empty());
  manual.connect();
  CHECK(manual.client().state() == State::Connecting);
  CHECK(manual.loop().transports() == 0);
}

TEST_CASE("endpoint function: it may answer later, from another thread, and only once") {
  Asked asked;
  ManualClient manual({.endpoint = asked.function()});
  manual.connect();
  REQUIRE(asked.times == 1);
  std::thread([request = *asked.request] {
    request.answer({.url = "ws://first/"});
    request.answer({.url = "ws://second/"});
    request.fail("too late");
  }).join();
  asked.request->fail("too late as well");
  manual.turn();
  CHECK(manual.transport().endpoint().url == "ws://first/");
  CHECK(manual.loop().transports() == 1);
  manual.transport().succeed();
  asked.request->answer({.url = "ws://third/"});
  manual.turn();
  CHECK(manual.client().state() == State::Open);
}

TEST_CASE("endpoint function: a request that goes without an answer fails the attempt") {
  Asked asked;
  ManualClient manual({.endpoint = asked.function()});
  manual.connect();
  {
    const EndpointRequest copy = *asked.request;
    asked.request.reset();
    manual.turn();
    CHECK(manual.closes.empty());
  }
  manual.turn();
  REQUIRE(manual.closes.size() == 1);
  CHECK(manual.closes[0].cause == CloseCause::EndpointFailed);
  CHECK(manual.closes[0].willRetry);
  CHECK_FALSE(manual.closes[0].detail.empty());
}

TEST_CASE("endpoint function: it may fail, and say why") {
  ManualClient manual({.endpoint = [](const EndpointRequest& request) { request.fail("no token today"); }});
  manual.connect();
  REQUIRE(manual.closes.size() == 1);
  CHECK(manual.closes[0].cause == CloseCause::EndpointFailed);
  CHECK(manual.closes[0].detail == "no token today");
}

TEST_CASE("endpoint function: an invalid endpoint fails the attempt, and the detail names the field") {
  const std::vector<std::pair<Endpoint, std::string>> table = {
      {{.url = "https://h/"}, "url"},
      {{.url = "ws://h/", .subprotocols = {""}}, "subprotocols"},
      {{.url = "ws://h/", .headers = {{"X", "a\r\nHost: b"}}}, "headers"},
  };
  for (const auto& row : table) {
    ManualClient manual({.endpoint = [&row](const EndpointRequest& request) { request.answer(row.first); }});
    manual.connect();
    REQUIRE(manual.closes.size() == 1);
    CHECK(manual.closes[0].cause == CloseCause::EndpointFailed);
    CHECK(manual.closes[0].detail.find(row.second + ": ") != std::string::npos);
  }
  ManualClient page({.endpoint =
                         [](const EndpointRequest& request) {
                           request.answer({.url = "ws://h/", .headers = {{"X", "1"}}});
                         }},
                    kPage);
  page.connect();
  REQUIRE(page.closes.size() == 1);
  CHECK(page.closes[0].cause == CloseCause::EndpointFailed);
}

TEST_CASE("endpoint function: it is called before every attempt, with the last close event") {
  Asked asked;
  ManualClient manual({.endpoint = asked.function()});
  manual.connect();
  CHECK_FALSE(asked.request->lastClose().has_value());
  const EndpointRequest first = *asked.request;
  first.answer({.url = "ws://first/"});
  manual.turn();
  manual.transport().end({.cause = CloseCause::HandshakeRefused, .httpStatus = 401});
  manual.turn();
  CHECK(manual.closes[0].willRetry);
  manual.client().reconnect();
  manual.turn();
  CHECK(asked.times == 2);
  CHECK(asked.request->attempt() == 2);
  REQUIRE(asked.request->lastClose().has_value());
  CHECK(asked.request->lastClose()->httpStatus == 401);
  first.answer({.url = "ws://stale/"});
  manual.turn();
  CHECK(manual.loop().transports() == 0);
  asked.request->answer({.url = "ws://fresh/"});
  manual.turn();
  CHECK(manual.transport().endpoint().url == "ws://fresh/");
  manual.transport().end({.cause = CloseCause::HandshakeRefused, .httpStatus = 401});
  manual.turn();
  CHECK(manual.client().state() == State::Closed);
}

TEST_CASE("endpoint function: an answer to an attempt that is over leads nowhere") {
  Asked asked;
  ManualClient manual({.endpoint = asked.function(), .connectTimeout = 15s});
  manual.connect();
  manual.loop().passAndTurn(15s);
  REQUIRE(manual.closes.size() == 1);
  CHECK(manual.closes[0].cause == CloseCause::ConnectTimeout);
  const EndpointRequest old = *asked.request;
  old.answer({.url = "ws://late/"});
  manual.turn();
  CHECK(manual.loop().transports() == 0);
}

TEST_CASE("endpoint function: it runs where callbacks run") {
  Asked asked;
  ManualExecutor executor;
  for (const Callbacks mode : {Callbacks::Poll, Callbacks::Executor}) {
    asked = {};
    ManualClient manual({.endpoint = asked.function(), .callbacks = mode, .executor = executor.executor()});
    manual.connect();
    CHECK(asked.times == 0);
    manual.client().poll();
    executor.runAll();
    REQUIRE(asked.times == 1);
    asked.request->answer({.url = "ws://h/"});
    manual.turn();
    CHECK(manual.loop().transports() == 1);
  }
}

TEST_CASE("endpoint function: a request outlives its client, and then leads nowhere") {
  Asked asked;
  {
    ManualClient manual({.endpoint = asked.function()});
    manual.connect();
  }
  CHECK(asked.request->attempt() == 1);
  asked.request->answer({.url = "ws://h/"});
  asked.request.reset();
}

TEST_CASE("endpoint function: its client may go inside it") {
  std::optional<ManualClient> manual;
  manual.emplace(Options{.endpoint = [&manual](const EndpointRequest& request) {
    manual->destroy();
    request.answer({.url = "ws://h/"});
  }});
  CHECK(manual->client().connect() == ConnectResult::Started);
  manual->turn();
  CHECK(manual->loop().transports() == 0);
}

TEST_CASE("endpoint function: messages sent behind a final failure are dropped and reported") {
  Asked asked;
  ManualClient manual({.endpoint = asked.function(), .reconnect = {.enabled = false}});
  manual.connect();
  manual.send("before");
  asked.request->fail("for good");
  manual.send("behind");
  manual.turn();
  CHECK(manual.client().state() == State::Closed);
  std::size_t dropped = 0;
  for (const Dropped& each : manual.drops) {
    CHECK(each.reason == DropReason::Closed);
    dropped += each.messages;
  }
  CHECK(dropped == 2);
  CHECK(manual.log.back() == "close");
  CHECK(manual.client().stats().queuedMessages == 0);
}

}  // namespace tidewire::internal
