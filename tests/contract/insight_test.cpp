#include <atomic>
#include <cstdint>
#include <mutex>
#include <numeric>
#include <string>
#include <vector>

#include "contract_test.hpp"

using namespace contract;
using namespace std::chrono_literals;
using tidewire::CloseCause;
using tidewire::LogLevel;
using tidewire::SendResult;

namespace {

/// What a log's sink was told.
class Lines {
 public:
  tidewire::LogOptions options(LogLevel level) {
    return {.level = level, .sink = [this](const tidewire::LogRecord& record) {
              const std::lock_guard lock(mutex_);
              CHECK(record.client == "the client");
              lines_.emplace_back(record.text);
            }};
  }

  [[nodiscard]] bool hold(std::string_view part) const {
    const std::lock_guard lock(mutex_);
    for (const std::string& line : lines_) {
      if (line.find(part) != std::string::npos) {
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] bool empty() const {
    const std::lock_guard lock(mutex_);
    return lines_.empty();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace

CONTRACT_TEST("stats: they count attempts, endings, messages and bytes") {
  TestClient test(optionsFor("/echo"));
  CHECK(test.client().stats().attempts == 0);
  CHECK(test.client().send("12345") == SendResult::Queued);
  CHECK(test.client().stats().queuedMessages == 1);
  CHECK(test.client().stats().queuedBytes == 5);
  test.client().connect();
  test.awaitMessages(1);
  test.client().reconnect();
  test.awaitOpens(2);
  world().killServer();
  test.awaitCloses(3);
  test.client().close();
  test.awaitState(tidewire::State::Closed);
  // A close event may follow, if an attempt was under way.
  test.awaitThat("the last close event", [&] { return test.client().stats().attempts == test.log().closes.size(); });

  const tidewire::Stats stats = test.client().stats();
  CHECK(stats.opens == 2);
  CHECK(stats.attempts >= 3);
  CHECK(stats.reconnects == stats.attempts - 1);
  CHECK(stats.endings(CloseCause::ReconnectRequested) == 1);
  CHECK(stats.endings(CloseCause::ConnectionLost) == 1);
  CHECK(stats.endings(CloseCause::ConnectFailed) >= 1);
  CHECK(stats.reconnectsAfter(CloseCause::ReconnectRequested) == 1);
  CHECK(stats.reconnectsAfter(CloseCause::ConnectionLost) == 1);
  CHECK(std::accumulate(stats.reconnectsByCause.begin(), stats.reconnectsByCause.end(), std::uint64_t{0}) ==
        stats.reconnects);
  CHECK(stats.messagesSent == 1);
  CHECK(stats.bytesSent == 5);
  CHECK(stats.messagesReceived == 1);
  CHECK(stats.bytesReceived == 5);
  CHECK(stats.queuedMessages == 0);
  CHECK(stats.lastHandshake.has_value());
}

CONTRACT_TEST("stats: a reconnect counts under the cause before it, once its attempt begins") {
  tidewire::Options options = optionsFor("/close?code=4000");
  options.reconnect = {.firstDelay = 24h, .maxDelay = 24h};
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitCloses(1);
  CHECK(test.log().closes[0].willRetry);
  CHECK(test.client().stats().reconnectsAfter(CloseCause::ClosedByPeer) == 0);
  test.client().reconnect();
  test.awaitCloses(2);
  CHECK(test.client().stats().endings(CloseCause::ClosedByPeer) == 2);
  CHECK(test.client().stats().reconnectsAfter(CloseCause::ClosedByPeer) == 1);
  // What the application begins itself is none.
  test.client().close();
  test.awaitState(tidewire::State::Closed);
  test.client().connect();
  test.awaitCloses(3);
  const tidewire::Stats stats = test.client().stats();
  CHECK(stats.attempts == 3);
  CHECK(stats.reconnects == 1);
  CHECK(stats.reconnectsAfter(CloseCause::ClosedByPeer) == 1);
  CHECK(stats.reconnectsAfter(CloseCause::ReconnectRequested) == 0);
}

CONTRACT_TEST("stats: an event is counted before its callback runs") {
  tidewire::Options options = optionsFor("/close?code=4000");
  options.reconnect = {.firstDelay = 24h, .maxDelay = 24h};
  std::atomic<int> looks = 0;
  std::atomic<int> missing = 0;
  const auto look = [&](bool counted) {
    missing += counted ? 0 : 1;
    ++looks;
  };
  Reactions reactions;
  reactions.onOpen = [&](TestClient& each) { look(each.client().stats().opens == 1); };
  reactions.onClose = [&](TestClient& each) { look(each.client().stats().endings(CloseCause::ClosedByPeer) == 1); };
  reactions.onStateChange = [&](TestClient& each, const tidewire::StateChange&) {
    look(each.client().stats().attempts == 1);
  };
  TestClient test(std::move(options), std::move(reactions));
  test.client().connect();
  test.awaitThat("Connecting, Open, the open event, Waiting and the close event", [&] { return looks == 5; });
  CHECK(missing == 0);
}

CONTRACT_TEST("log: it has the events of its level, and is silent without a sink") {
  Lines all;
  Lines errors;
  tidewire::Options options = optionsFor("/echo");
  options.name = "the client";
  options.log = all.options(LogLevel::Info);
  TestClient test(options);
  options.log = errors.options(LogLevel::Error);
  TestClient quiet(std::move(options));
  for (TestClient* each : {&test, &quiet}) {
    each->client().connect();
    each->awaitOpens(1);
    each->client().close();
    each->awaitCloses(1);
  }
  CHECK(all.hold("attempt 1 to ws://"));
  CHECK(all.hold("attempt 1 is open"));
  CHECK(all.hold("ClosedByUser"));
  CHECK(errors.empty());
}

CONTRACT_TEST("flight record: it has the events, and no payload and no query") {
  TestClient test(optionsFor("/echo?token=secret"));
  test.client().connect();
  test.awaitOpens(1);
  CHECK(test.client().send("confidential") == SendResult::Queued);
  CHECK(test.client().send("confidential") == SendResult::Queued);
  test.awaitMessages(2);
  // Messages are noted when the callbacks of their arrival have returned.
  std::string record;
  test.awaitThat("the messages in the record", [&] {
    record = test.client().flightRecord();
    return record.find("received ") != std::string::npos;
  });
  CHECK(record.find("attempt 1 is open") != std::string::npos);
  CHECK(record.find("sent ") != std::string::npos);
  CHECK(record.find("confidential") == std::string::npos);
  CHECK(record.find("secret") == std::string::npos);
}

CONTRACT_TEST("flight record: payloads are recorded only with payloadBytes, up to that length") {
  tidewire::Options options = optionsFor("/echo");
  options.flightRecorder = {.entries = 8, .payloadBytes = 4};
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitOpens(1);
  CHECK(test.client().send("abcdefgh") == SendResult::Queued);
  test.awaitMessages(1);
  const std::string record = test.client().flightRecord();
  CHECK(record.find("abcd") != std::string::npos);
  CHECK(record.find("abcde") == std::string::npos);
}
