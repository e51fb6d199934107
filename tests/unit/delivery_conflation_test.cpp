#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/bytes.hpp"
#include "delivery.hpp"
#include "message_access.hpp"

namespace tidewire::internal {
namespace {

/// Notes what it is told: "3 body" for an event, "3 +1 body" for one that left out another, "gap".
class Listener final : public Recipient {
 public:
  explicit Listener(bool conflates) : Recipient(conflates) {}

  void receive(const SessionEvent& event) override {
    const auto* news = std::get_if<tidewire::Event>(&event.news);
    if (news == nullptr) {
      told.push_back("gap");
      return;
    }
    std::string line = std::to_string(news->seq);
    line += news->skipped > 0 ? " +" + std::to_string(news->skipped) : "";
    told.push_back(line + " " + std::string(event.body->text()));
  }

  std::vector<std::string> told;
};

struct Queue {
  Delivery delivery{Callbacks::Poll, 64 * 1024};
  std::shared_ptr<Listener> latest = std::make_shared<Listener>(true);
  std::shared_ptr<Listener> every = std::make_shared<Listener>(false);

  void event(const std::shared_ptr<Listener>& to, std::uint64_t seq, const std::string& body,
             std::uint64_t skipped = 0) {
    delivery.deliver(Event(SessionEvent{to, tidewire::Event{.seq = seq, .skipped = skipped},
                                        MessageAccess::view(MessageKind::Text, core::asBytes(body))}));
  }
  void gap(const std::shared_ptr<Listener>& to) { delivery.deliver(Event(SessionEvent{to, core::protocol::Loss{}})); }
  void poll() {
    (void)delivery.poll({}, [] { return core::Time(); });
  }
};

using Told = std::vector<std::string>;

TEST_CASE("conflation: the newest queued event is delivered, with the number of skipped ones") {
  Queue queue;
  queue.event(queue.latest, 1, "a");
  queue.event(queue.latest, 2, "b");
  queue.event(queue.latest, 5, "c", 2);  // The server left out two.
  queue.poll();
  CHECK(queue.latest->told == Told{"5 +4 c"});
  queue.event(queue.latest, 6, "d");
  queue.poll();
  CHECK(queue.latest->told == Told{"5 +4 c", "6 d"});
}

TEST_CASE("conflation: a subscription that wants every event gets it, beside one that does not") {
  Queue queue;
  for (std::uint64_t seq = 1; seq <= 3; ++seq) {
    queue.event(queue.every, seq, "x");
    queue.event(queue.latest, seq, "x");
  }
  queue.poll();
  CHECK(queue.every->told == Told{"1 x", "2 x", "3 x"});
  CHECK(queue.latest->told == Told{"3 +2 x"});
}

TEST_CASE("conflation: no event moves past other news of its subscription, or of the connection") {
  Queue queue;
  queue.event(queue.latest, 1, "a");
  queue.gap(queue.latest);
  queue.event(queue.latest, 9, "b");
  queue.delivery.set(&Handlers::onStateChange, std::function([](const StateChange&) {}));
  queue.delivery.deliver(Event(StateChange{}));
  queue.event(queue.latest, 10, "c");
  queue.poll();
  CHECK(queue.latest->told == Told{"1 a", "gap", "9 b", "10 c"});
}

TEST_CASE("conflation: an event moves past heartbeats, errors and answers, and past no state, opening or ending") {
  Queue queue;
  Told told;
  const auto note = [&told](const char* what) { told.push_back(what); };
  Delivery& delivery = queue.delivery;
  delivery.set(&Handlers::onHeartbeat, std::function([&](const HeartbeatInfo&) { note("heartbeat"); }));
  delivery.set(&Handlers::onError, std::function([&](const SessionError&) { note("error"); }));
  delivery.set(&Handlers::onStateChange, std::function([&](const StateChange&) { note("state"); }));
  delivery.set(&Handlers::onOpen, std::function([&](const Opened&) { note("open"); }));
  delivery.set(&Handlers::onClose, std::function([&](const CloseInfo&) { note("close"); }));
  std::uint64_t seq = 0;
  const auto event = [&] { queue.event(queue.latest, ++seq, "x"); };
  event();
  delivery.deliver(Event(HeartbeatInfo{}));
  event();
  delivery.deliver(Event(SessionError{.code = "c"}));
  event();
  queue.gap(queue.every);
  event();
  CHECK(delivery.waiting().events == 4);
  delivery.deliver(Event(StateChange{}));
  event();
  delivery.deliver(Event(Opened{}));
  event();
  delivery.deliver(Event(CloseInfo{}));
  event();
  CHECK(delivery.waiting().events == 10);
  queue.poll();
  CHECK(told == Told{"heartbeat", "error", "state", "open", "close"});
  CHECK(queue.latest->told == Told{"4 +3 x", "5 x", "6 x", "7 x"});
}

TEST_CASE("conflation: equal errors, one behind the other, are one that counts them") {
  Queue queue;
  std::vector<std::pair<std::string, std::uint64_t>> told;
  queue.delivery.set(&Handlers::onError, std::function([&told](const SessionError& error) {
    told.emplace_back(error.code + error.message, error.count);
  }));
  const auto error = [&queue](const char* code, const char* message, bool temporary = false) {
    queue.delivery.deliver(Event(SessionError{.code = code, .message = message, .temporary = temporary}));
  };
  for (int i = 0; i < 1000; ++i) {
    error("a", "1");
  }
  error("a", "1", true);
  error("a", "2");
  error("a", "2");
  error("b", "2");
  error("a", "2");
  queue.delivery.set(&Handlers::onStateChange, std::function([](const StateChange&) {}));
  queue.delivery.deliver(Event(StateChange{}));
  error("a", "2");
  CHECK(queue.delivery.waiting().events == 7);
  queue.poll();
  error("a", "2");
  queue.poll();
  const std::vector<std::pair<std::string, std::uint64_t>> expected = {{"a1", 1000}, {"a1", 1}, {"a2", 2}, {"b2", 1},
                                                                       {"a2", 1},    {"a2", 1}, {"a2", 1}};
  CHECK(told == expected);
}

TEST_CASE("conflation: the texts of errors count in the bound of the queue") {
  Queue queue;
  queue.delivery.set(&Handlers::onError, std::function([](const SessionError&) {}));
  for (int i = 0; i < 5; ++i) {
    queue.delivery.deliver(Event(SessionError{.code = std::to_string(i), .message = std::string(16'000, 'x')}));
  }
  CHECK(queue.delivery.isFull());
  CHECK(queue.delivery.waiting().bytes > 80'000);
  queue.poll();
  CHECK(queue.delivery.waiting().bytes == 0);
}

TEST_CASE("conflation: however much comes, a latest-only subscription does not fill the queue") {
  Queue queue;
  for (std::uint64_t seq = 1; seq <= 100; ++seq) {
    queue.event(queue.latest, seq, std::string(10'000, 'x'));
  }
  CHECK_FALSE(queue.delivery.isFull());
  CHECK(queue.delivery.waiting().events == 1);
  queue.event(queue.latest, 101, "");
  CHECK(queue.delivery.waiting().bytes < 10'000);
  for (std::uint64_t seq = 1; seq <= 10; ++seq) {
    queue.event(queue.every, seq, std::string(10'000, 'x'));
  }
  CHECK(queue.delivery.isFull());
}

}  // namespace
}  // namespace tidewire::internal
