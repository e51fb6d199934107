#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "contract_test.hpp"

using namespace contract;
using namespace std::chrono_literals;
using tidewire::CloseCause;
using tidewire::ConnectResult;
using tidewire::EndpointRequest;
using tidewire::State;

namespace {

/// Keeps the requests, for a test to answer from outside.
class Probes {
 public:
  tidewire::Callback<EndpointRequest> collector() {
    return [this](EndpointRequest request) {
      const std::lock_guard lock(mutex_);
      requests_.push_back(std::move(request));
    };
  }

  [[nodiscard]] std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return requests_.size();
  }
  [[nodiscard]] EndpointRequest at(std::size_t index) const {
    const std::lock_guard lock(mutex_);
    return requests_.at(index);
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    requests_.clear();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<EndpointRequest> requests_;
};

tidewire::Options optionsAsking(Probes& requests) {
  tidewire::Options options = optionsFor("/echo");
  options.url.clear();
  options.endpoint = requests.collector();
  return options;
}

}  // namespace

CONTRACT_TEST("endpoint: the function is called before every attempt, and its answer is the endpoint") {
  std::atomic<int> asked = 0;
  std::atomic<bool> sawLastClose = false;
  tidewire::Options options = optionsFor("/nowhere");
  options.endpoint = [&, url = world().url("/echo")](const EndpointRequest& request) {
    CHECK(request.attempt() == static_cast<std::uint64_t>(++asked));
    sawLastClose = request.lastClose().has_value();
    tidewire::Endpoint endpoint = request.configured();
    CHECK(endpoint.url.ends_with("/nowhere"));
    endpoint.url = url;
    request.answer(std::move(endpoint));
  };
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitOpens(1);
  CHECK(asked == 1);
  CHECK_FALSE(sawLastClose);
  CHECK(test.client().send("to the echo") == tidewire::SendResult::Queued);
  test.awaitMessages(1);

  test.client().reconnect();
  test.awaitOpens(2);
  CHECK(asked == 2);
  CHECK(sawLastClose);
  CHECK(test.log().opens[1].times.endpoint.has_value());
}

CONTRACT_TEST("endpoint: an answer may come later, and the first one counts") {
  Probes requests;
  TestClient test(optionsAsking(requests));
  CHECK(test.client().connect() == ConnectResult::Started);
  test.awaitThat("a request", [&] { return requests.count() == 1; });
  CHECK(test.client().state() == State::Connecting);
  test.outsideCallbacks([&] {
    requests.at(0).answer({.url = world().url("/echo")});
    requests.at(0).answer({.url = world().url("/nowhere")});
    requests.at(0).fail("too late");
  });
  test.awaitOpens(1);
  CHECK(test.callbacksInsideCalls() == 0);
}

CONTRACT_TEST("endpoint: a failure of its own ends the attempt, and is retried") {
  std::atomic<int> asked = 0;
  tidewire::Options options = optionsFor("/echo");
  options.endpoint = [&](const EndpointRequest& request) {
    if (++asked == 1) {
      request.fail("no token to be had");
    } else {
      request.answer(request.configured());
    }
  };
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitOpens(1);
  const Log log = test.log();
  CHECK(log.closes.size() == 1);
  CHECK(log.closes[0].cause == CloseCause::EndpointFailed);
  CHECK(log.closes[0].detail == "no token to be had");
  CHECK(log.closes[0].willRetry);
  CHECK(log.opens[0].attempt == 2);
}

CONTRACT_TEST("endpoint: a request destroyed without an answer ends the attempt") {
  Probes requests;
  tidewire::Options options = optionsAsking(requests);
  options.reconnect.enabled = false;
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitThat("a request", [&] { return requests.count() == 1; });
  requests.forget();
  test.awaitCloses(1);
  CHECK(test.log().closes[0].cause == CloseCause::EndpointFailed);
}

CONTRACT_TEST("endpoint: an answer that cannot be used ends the attempt, and its field is named") {
  struct Row {
    tidewire::Endpoint answer;
    std::string field;
  };
  const std::vector<Row> rows = {
      {{.url = "http://example.test/"}, "url"},
      {{.url = "ws://example.test/#part"}, "url"},
      {{.url = "ws://example.test/", .subprotocols = {"a b"}}, "subprotocols"},
      {{.url = "ws://example.test/", .headers = {{"X-Token", "a\r\nX-Admin: yes"}}}, "headers"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.field);
    tidewire::Options options = optionsFor("/echo");
    options.reconnect.enabled = false;
    options.endpoint = [&row](const EndpointRequest& request) { request.answer(row.answer); };
    TestClient test(std::move(options));
    test.client().connect();
    test.awaitCloses(1);
    CHECK(test.log().closes[0].cause == CloseCause::EndpointFailed);
    CHECK(test.log().closes[0].detail.find(row.field + ": ") != std::string::npos);
  }
}

CONTRACT_TEST("endpoint: close() does not wait for the answer, which then has no effect") {
  Probes requests;
  TestClient test(optionsAsking(requests));
  test.client().connect();
  test.awaitThat("a request", [&] { return requests.count() == 1; });
  test.client().close();
  test.awaitCloses(1);
  CHECK(test.client().state() == State::Closed);
  CHECK(test.log().closes[0].cause == CloseCause::ClosedByUser);
  requests.at(0).answer({.url = world().url("/echo")});
  test.client().connect();
  test.awaitThat("the next request", [&] { return requests.count() == 2; });
  CHECK(test.log().opens.empty());
}

CONTRACT_TEST("endpoint: the connect timeout covers the request") {
  Probes requests;
  tidewire::Options options = optionsAsking(requests);
  options.connectTimeout = 50ms;
  options.reconnect.enabled = false;
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitCloses(1);
  CHECK(test.log().closes[0].cause == CloseCause::ConnectTimeout);
}

CONTRACT_TEST("connect: an invalid option is named, the same everywhere") {
  struct Row {
    tidewire::Options options;
    ConnectResult result;
    std::string field;
  };
  const std::vector<Row> rows = {
      {{.url = "http://a.test/"}, ConnectResult::InvalidUrl, "url: "},
      {{.url = "ws://a.test/#f"}, ConnectResult::InvalidUrl, "url: "},
      {{.url = "ws://a b.test/"}, ConnectResult::InvalidUrl, "url: "},
      {{.url = "ws://a.test:99999/"}, ConnectResult::InvalidUrl, "url: "},
      {{.url = "ws://\xC3\xA4.test/"}, ConnectResult::InvalidUrl, "url: "},
      {{.url = "ws://a.test/", .subprotocols = {"a,b"}}, ConnectResult::InvalidSubprotocol, "subprotocols: "},
      {{.url = "ws://a.test/", .subprotocols = {"x", "x"}}, ConnectResult::InvalidSubprotocol, "subprotocols: "},
      {{.url = "ws://a.test/", .headers = {{"X", "1\nY: 2"}}}, ConnectResult::InvalidHeader, "headers: "},
      {{.url = "ws://a.test/", .headers = {{"X\r\nY", "2"}}}, ConnectResult::InvalidHeader, "headers: "},
      {{.url = "ws://a.test/", .headers = {{"Sec-WebSocket-Key", "x"}}}, ConnectResult::InvalidHeader, "headers: "},
      {{.url = "ws://a.test/", .connectTimeout = -1ms}, ConnectResult::InvalidOption, "connectTimeout: "},
      {{.url = "ws://a.test/", .callbacks = tidewire::Callbacks::Executor}, ConnectResult::InvalidOption, "executor: "},
  };
  for (const Row& row : rows) {
    TestClient test(row.options);
    CAPTURE(test.client().connectFault());
    CHECK(test.client().connect() == row.result);
    CHECK(test.client().connectFault().starts_with(row.field));
    CHECK(test.client().state() == State::Idle);
  }
  TestClient fine(optionsFor("/echo"));
  CHECK(fine.client().connectFault().empty());
}
