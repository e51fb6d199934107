#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "any_thread.hpp"
#include "contract/world.hpp"
#include "tidewire/session.hpp"

using namespace std::chrono_literals;
using any_thread::callAround;
using any_thread::kPatience;
using any_thread::pollUntil;
using any_thread::Turnstile;
using any_thread::Workers;
using contract::world;
using tidewire::Ack;
using tidewire::Callbacks;
using tidewire::CallResult;
using tidewire::Session;
using tidewire::State;
using tidewire::Subscription;

namespace {

/// A session, and what its callbacks have told.
struct Scene {
  explicit Scene(tidewire::Options options) : session(std::move(options)) {}

  Turnstile turns;
  std::atomic<int> accepted = 0;  // Calls that end exactly once.
  std::atomic<int> ended = 0;
  Session session;      // Goes before what its callbacks touch.
  Subscription shared;  // That every thread looks at.

  void count(CallResult result) { accepted += result == CallResult::Queued ? 1 : 0; }
  template <class What>
  auto end() {
    return [this](const What&) {
      turns.pass();
      ++ended;
    };
  }
  template <class What>
  auto pass() {
    return [this](const What&) { turns.pass(); };
  }
  [[nodiscard]] tidewire::SubscriptionHandlers handlers() {
    return {.onEvent = pass<tidewire::Event>(),
            .onGap = pass<tidewire::Gap>(),
            .onSubscribed = pass<tidewire::SubscribedInfo>(),
            .onEnd = pass<tidewire::SubscriptionEnd>()};
  }
};

// A thread's own, which go one after the other, and the rest with the thread.
constexpr std::size_t kHeld = 3;
thread_local std::deque<Subscription> held;

void hold(Subscription subscription) {
  held.push_back(std::move(subscription));
  if (held.size() > kHeld) {
    held.pop_front();
  }
}

using SessionCall = std::function<void(Scene&)>;

/// Each member that any thread may call, of a session, a subscription and a request.
const std::vector<SessionCall>& sessionCalls() {
  static constexpr std::array<std::byte, 300> kBinary{};
  static const std::vector<SessionCall> all = {
      [](Scene& scene) { scene.session.connect(); },
      [](Scene& scene) { scene.session.close(1000, "for now"); },
      [](Scene& scene) { scene.session.reconnect(); },
      [](Scene& scene) { scene.session.heartbeat(); },
      [](Scene& scene) { hold(scene.session.subscribe("chat/a", scene.handlers())); },
      [](Scene& scene) { hold(scene.session.subscribe("chat/b", {.conflate = true}, scene.handlers())); },
      [](Scene& scene) { hold(scene.session.subscribe("chat/a", {.replay = 2}, scene.handlers())); },
      [](Scene&) {
        if (!held.empty()) {
          held.back().unsubscribe();
        }
      },
      [](Scene& scene) {
        scene.count(scene.session.publish("chat/a", "acknowledged", {.ack = true}, scene.end<Ack>()));
      },
      [](Scene& scene) { (void)scene.session.publish("chat/a", "not acknowledged"); },
      [](Scene& scene) {
        const tidewire::PublishOptions again{.ack = true, .resend = true};
        scene.count(scene.session.publishBytes("chat/b", std::span(kBinary), again, scene.end<Ack>()));
      },
      [](Scene& scene) {
        scene.count(scene.session.request("symbols", "", {}, scene.end<tidewire::Reply>()).result());
      },
      [](Scene& scene) {
        const tidewire::RequestOptions hasty{.timeout = 1ms, .idempotent = true};
        scene.count(
            scene.session.requestBytes("quote", std::span(kBinary), hasty, scene.end<tidewire::Reply>()).result());
      },
      [](Scene& scene) { scene.session.request("symbols", "", {}, scene.pass<tidewire::Reply>()).cancel(); },
      [](Scene& scene) { (void)scene.session.authenticate("a token"); },
      [](Scene& scene) { (void)scene.session.poll({.count = 3}); },
      [](Scene& scene) { (void)scene.session.state(); },
      [](Scene& scene) { (void)scene.session.stats(); },
      [](Scene& scene) { (void)scene.session.flightRecord(); },
      [](Scene& scene) { (void)scene.session.connectFault(); },
      [](Scene& scene) { (void)scene.session.serverTime(); },
      [](Scene& scene) { (void)scene.session.waitOpen(1ms); },
      [](Scene& scene) { (void)scene.session.waitClosed(1ms); },
      [](Scene& scene) { scene.session.onOpen(scene.pass<tidewire::Opened>()); },
      [](Scene& scene) { scene.session.onClose(scene.pass<tidewire::CloseInfo>()); },
      [](Scene& scene) { scene.session.onStateChange(scene.pass<tidewire::StateChange>()); },
      [](Scene& scene) { scene.session.onHeartbeat(scene.pass<tidewire::HeartbeatInfo>()); },
      [](Scene& scene) { scene.session.onError(scene.pass<tidewire::SessionError>()); },
      [](Scene& scene) { scene.session.onOpen(nullptr); },
      [](Scene& scene) { (void)scene.shared.channel(); },
      [](Scene& scene) { (void)scene.shared.isLive(); },
      [](Scene& scene) { (void)scene.shared.position(); },
      [](Scene& scene) { (void)scene.shared.age(); },
      [](Scene& scene) { scene.session.onError(nullptr); },
  };
  return all;
}

/// The session still does what it is told.
void checkUsable(Session& session) {
  std::atomic<bool> published = false;
  std::atomic<bool> came = false;
  session.connect();
  const Subscription last = session.subscribe(
      "chat/last", {.onEvent = [&](const tidewire::Event& event) { came = event.body.text() == "the last"; }});
  pollUntil(session, [&] { return last.isLive(); });
  CHECK(session.publish("chat/last", "the last", {.ack = true}, [&](const Ack& ack) {
    published = ack.outcome == Ack::Outcome::Published;
  }) == CallResult::Queued);
  pollUntil(session, [&] { return published && came; });
  CHECK(session.close() == tidewire::CloseResult::Accepted);
  pollUntil(session, [&] { return session.state() == State::Closed; });
  CHECK(session.waitClosed(kPatience) == tidewire::WaitResult::Reached);
}

}  // namespace

TEST_CASE("threads: every member of a session may be called on any thread, and each call ends once" * doctest::skip()) {
  for (const Callbacks callbacks : {Callbacks::Automatic, Callbacks::Poll, Callbacks::Executor}) {
    CAPTURE(static_cast<int>(callbacks));
    world().reset();
    Workers workers;
    Scene scene({.url = world().url("/stream"),
                 .closeTimeout = 20ms,
                 .heartbeat = {.interval = 5ms},
                 .reconnect = {.firstDelay = 1ms, .maxDelay = 5ms},
                 .callbacks = callbacks,
                 .executor = [&](std::function<void()> task) { workers.add(std::move(task)); }});
    scene.shared = scene.session.subscribe("chat/a", scene.handlers());
    scene.session.connect();
    REQUIRE(callAround<SessionCall>(sessionCalls(), [&](const SessionCall& call) { call(scene); }));
    checkUsable(scene.session);
    pollUntil(scene.session, [&] { return scene.ended == scene.accepted; });
    scene.shared.unsubscribe();
    (void)scene.session.poll();
    CHECK(scene.ended == scene.accepted);
    CHECK(scene.accepted > 0);
    CHECK(scene.turns.overlaps() == 0);
    CHECK(scene.turns.passed() > 0);
  }
}
