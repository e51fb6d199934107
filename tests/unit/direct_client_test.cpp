#include "direct_client.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "manual_client.hpp"

namespace tidewire::internal {
namespace {

using test::kPage;
using test::ManualLoop;

/// A client that notes its events.
class Noting final : public DirectClient {
 public:
  Noting(Options options, std::shared_ptr<Loop> loop) : DirectClient(std::move(options), std::move(loop)) {}

  std::vector<std::string> log;
  std::function<void()> onNext;  // Runs inside the next event.

 private:
  void onMessage(const Message& message) override { note(std::string(message.text())); }
  void onEvent(const Event& event) override {
    if (std::holds_alternative<Opened>(event)) {
      note("open");
    } else if (const auto* info = std::get_if<CloseInfo>(&event)) {
      note(std::string(nameOf(info->cause)));
    } else if (std::holds_alternative<Drained>(event)) {
      note("drain");
    }
  }
  void note(std::string what) {
    log.push_back(std::move(what));
    if (const auto next = std::exchange(onNext, nullptr)) {
      next();
    }
  }
};

/// One on a page's loop.
class DirectOnPage {
 public:
  explicit DirectOnPage(Options options = {}) : loop_(std::make_shared<ManualLoop>(kPage)) {
    options.url = "ws://manual.test/";
    client = std::make_shared<Noting>(std::move(options), loop_);
  }
  ~DirectOnPage() {
    client->destroy();
    turn();
  }

  void turn() { loop_->turn(); }
  [[nodiscard]] test::ManualTransport& transport() { return loop_->transport(); }
  void open() {
    CHECK(client->connect() == ConnectResult::Started);
    turn();
    transport().succeed();
    turn();
  }
  [[nodiscard]] SendResult send(std::string_view text) {
    return client->sendStored(text.size(), {}, {}, MessageKind::Text, core::asBytes(text));
  }

  std::shared_ptr<Noting> client;

 private:
  std::shared_ptr<ManualLoop> loop_;
};

using Log = std::vector<std::string>;

}  // namespace

TEST_CASE("direct client: events reach it inside the round in which they happen, in order") {
  DirectOnPage page;
  page.open();
  page.transport().receive("a");
  page.transport().receive("b");
  CHECK(page.client->log == Log{"open", "a", "b"});
  CHECK(page.client->stats().deliveryEvents == 0);
}

TEST_CASE("direct client: messages sent inside the opening leave before queued ones") {
  DirectOnPage page;
  CHECK(page.send("queued") == SendResult::Queued);
  page.client->onNext = [&page] { CHECK(page.send("first") == SendResult::Queued); };
  page.open();
  CHECK(page.transport().sent() == Log{"first", "queued"});
}

TEST_CASE("direct client: while paused messages wait, every event waits behind one, and all keep their order") {
  DirectOnPage page;
  page.open();
  CHECK(page.client->pause() == PauseResult::Accepted);
  page.turn();
  page.transport().receive("a");
  page.transport().end({.cause = CloseCause::ConnectionLost});
  page.turn();
  CHECK(page.client->log == Log{"open"});
  CHECK(page.client->stats().deliveryEvents == 3);
  CHECK(page.client->stats().deliveryBytes > 3);
  CHECK(page.client->resume() == PauseResult::Accepted);
  page.turn();
  CHECK(page.client->log == Log{"open", "a", "ConnectionLost"});
  CHECK(page.client->stats().deliveryBytes == 0);
}

TEST_CASE("direct client: queued messages wait for an opening that a pause holds back") {
  DirectOnPage page({.reconnect = {.firstDelay = std::chrono::milliseconds(0)}});
  page.open();
  CHECK(page.client->pause() == PauseResult::Accepted);
  page.turn();
  page.transport().receive("a");
  CHECK(page.client->reconnect() == ReconnectResult::Started);
  page.turn();
  page.transport().succeed();
  CHECK(page.send("queued") == SendResult::Queued);
  page.turn();
  CHECK(page.transport().sent().empty());
  page.client->log.clear();
  CHECK(page.client->resume() == PauseResult::Accepted);
  page.turn();
  CHECK(page.client->log == Log{"a", "ReconnectRequested", "open", "drain"});
  CHECK(page.transport().sent() == Log{"queued"});
}

TEST_CASE("direct client: a paused client whose messages exceed the limit ends with SlowConsumer") {
  DirectOnPage page({.deliveryQueueBytes = 1000});
  page.open();
  CHECK(page.client->pause() == PauseResult::Accepted);
  page.turn();
  page.transport().receive(std::string(1000, 'x'));
  page.turn();
  CHECK(page.client->state() != State::Open);
  CHECK(page.client->resume() == PauseResult::Accepted);
  page.turn();
  CHECK(page.client->log.back() == "SlowConsumer");
}

TEST_CASE("direct client: an endpoint request overtakes held messages") {
  std::vector<EndpointRequest> requests;
  DirectOnPage page({.endpoint = [&requests](const EndpointRequest& request) { requests.push_back(request); }});
  CHECK(page.client->connect() == ConnectResult::Started);
  page.turn();
  requests.back().answer({.url = "ws://manual.test/one"});
  page.turn();
  page.transport().succeed();
  CHECK(page.client->pause() == PauseResult::Accepted);
  page.turn();
  page.transport().receive("held");
  CHECK(page.client->reconnect() == ReconnectResult::Started);
  page.turn();
  REQUIRE(requests.size() == 2);
  CHECK(page.client->log == Log{"open"});
}

TEST_CASE("direct client: no event comes after it was destroyed inside one") {
  DirectOnPage page;
  page.open();
  CHECK(page.client->pause() == PauseResult::Accepted);
  page.turn();
  page.transport().receive("a");
  page.transport().receive("b");
  page.client->onNext = [&page] { page.client->destroy(); };
  CHECK(page.client->resume() == PauseResult::Accepted);
  page.turn();
  CHECK(page.client->log == Log{"open", "a"});
  CHECK(page.client->stats().deliveryEvents == 0);
}

TEST_CASE("direct client: a message that was pending and does not fit is reported as refused") {
  DirectOnPage page({.sendQueue = {.maxBytes = 3}});
  CHECK(page.client->sendStored(5, {}, std::chrono::milliseconds(1), MessageKind::Text, core::asBytes("large")) ==
        SendResult::TooLarge);
  page.turn();
  CHECK(page.client->stats().droppedMessages == 1);
  CHECK(page.client->stats().droppedBytes == 5);
}

}  // namespace tidewire::internal
