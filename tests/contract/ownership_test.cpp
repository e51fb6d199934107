#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "contract_test.hpp"
#include "session_client.hpp"

// What the application gives may own anything, also what it is given to. It is destroyed where that may be done.
using namespace contract;
using namespace std::chrono_literals;
using tidewire::Client;
using tidewire::Session;
using tidewire::SessionOptions;
using tidewire::Subscription;

namespace {

tidewire::Options sessionOptions() {
  tidewire::Options usual = optionsFor("/stream");
  return {.url = usual.url,
          .heartbeat = {.interval = 0ms},
          .reconnect = usual.reconnect,
          .callbacks = usual.callbacks,
          .executor = usual.executor};
}

/// Where callbacks run in poll(), what they own goes in there and nowhere else.
template <class Pollable>
void pollUntil(std::string_view what, const std::weak_ptr<Pollable>& pollable, const std::function<bool()>& holds) {
  const bool polls = optionsFor("/").callbacks == tidewire::Callbacks::Poll;
  pumpUntil(what, [&] {
    Pollable* const client = polls ? pollable.lock().get() : nullptr;
    if (client != nullptr) {
      client->poll();
    }
    return holds();
  });
}

std::shared_ptr<Subscription> sharedSubscription(Session& session, std::string_view channel) {
  return std::make_shared<Subscription>(session.subscribe(channel, {}));
}

}  // namespace

CONTRACT_TEST("ownership: the callback of a call may own a subscription of its session") {
  const auto session = std::make_shared<Session>(world().makeSession(sessionOptions()));
  std::weak_ptr<Subscription> owned[2];
  auto ended = std::make_shared<std::atomic<int>>(0);
  auto first = sharedSubscription(*session, "chat/a");
  auto second = sharedSubscription(*session, "chat/b");
  owned[0] = first;
  owned[1] = second;
  CHECK(session->request("symbols", "", {}, [own = std::move(first), ended](const tidewire::Reply&) { ++*ended; })
            .result() == tidewire::CallResult::Queued);
  CHECK(session->publish("chat/c", "x", {.ack = true}, [own = std::move(second), ended](const tidewire::Ack&) {
    ++*ended;
  }) == tidewire::CallResult::Queued);
  CHECK(session->request("symbols", "", {}, [ended](const tidewire::Reply&) { ++*ended; }).result() ==
        tidewire::CallResult::Queued);
  session->connect();
  pollUntil<Session>("all ended, and what they owned", session,
                     [&] { return *ended == 3 && owned[0].expired() && owned[1].expired(); });
}

CONTRACT_TEST("ownership: the callback of a call may own the last reference to its session") {
  for (const bool publishes : {false, true}) {
    CAPTURE(publishes);
    auto session = std::make_shared<Session>(world().makeSession(sessionOptions()));
    const std::weak_ptr<Session> watched = session;
    Session& made = *session;
    made.connect();
    if (publishes) {
      CHECK(made.publish("chat/a", "x", {.ack = true}, [own = std::move(session)](const tidewire::Ack&) {}) ==
            tidewire::CallResult::Queued);
    } else {
      (void)made.request("symbols", "", {}, [own = std::move(session)](const tidewire::Reply&) {});
    }
    pollUntil("gone", watched, [&] { return watched.expired(); });
  }
}

CONTRACT_TEST(
    "ownership: the handlers of a subscription may own another one, and the last reference to their session") {
  auto session = std::make_shared<Session>(world().makeSession(sessionOptions()));
  const std::weak_ptr<Session> watched = session;
  Session& made = *session;
  auto another = sharedSubscription(made, "chat/b");
  const std::weak_ptr<Subscription> owned = another;
  auto came = std::make_shared<std::atomic<bool>>(false);
  auto handle = std::make_shared<std::optional<Subscription>>();
  // It ends itself, and with it all that it owns.
  *handle =
      made.subscribe("chat/a", {.onEvent = [own = std::move(another), session, handle, came](const tidewire::Event&) {
                       handle->reset();
                       *came = true;
                     }});
  session.reset();
  made.connect();
  CHECK(made.publish("chat/a", "x", {.ack = true}) == tidewire::CallResult::Queued);
  pollUntil("the event", watched, [&] { return came->load(); });
  handle.reset();
  pollUntil("gone", watched, [&] { return watched.expired() && owned.expired(); });
}

CONTRACT_TEST("ownership: a handler may own the last reference to its client, and be taken off inside itself") {
  auto client = std::make_shared<Client>(world().makeClient(optionsFor("/echo")));
  const std::weak_ptr<Client> watched = client;
  CHECK(client->send("hello") == tidewire::SendResult::Queued);
  client->onMessage([own = client](const tidewire::Message&) { own->onMessage(nullptr); });
  client->connect();
  client.reset();
  pollUntil("gone", watched, [&] { return watched.expired(); });
}

CONTRACT_TEST("ownership: a handler that is replaced may own a subscription of its session") {
  const auto session = std::make_shared<Session>(world().makeSession(sessionOptions()));
  auto subscription = sharedSubscription(*session, "chat/a");
  const std::weak_ptr<Subscription> owned = subscription;
  session->onOpen([own = std::move(subscription)](const tidewire::Opened&) {});
  session->onOpen(nullptr);
  CHECK(owned.expired());
  session->connect();
  pollUntil<Session>("open", session, [&] { return session->state() == tidewire::State::Open; });
}

CONTRACT_TEST("ownership: the token function may own a subscription, and the last reference to its session") {
  SessionOptions options;
  auto own = std::make_shared<std::pair<std::shared_ptr<Session>, std::shared_ptr<Subscription>>>();
  auto emptied = std::make_shared<std::atomic<bool>>(false);
  options.token = [own, emptied](const tidewire::TokenRequest&) {  // No answer comes.
    *own = {};
    *emptied = true;
  };
  own->first = std::make_shared<Session>(world().makeSession(sessionOptions(), std::move(options)));
  own->second = sharedSubscription(*own->first, "chat/a");
  const std::weak_ptr<Session> watched = own->first;
  own->first->connect();
  pollUntil("gone", watched, [&] { return watched.expired() && emptied->load(); });
}

CONTRACT_TEST("ownership: the endpoint function's probe may own the last reference to its client") {
  tidewire::Options options = optionsFor("/echo");
  auto own = std::make_shared<std::shared_ptr<Client>>();
  auto kept = std::make_shared<std::optional<tidewire::EndpointRequest>>();
  auto asked = std::make_shared<std::atomic<bool>>(false);
  options.endpoint = [own, kept, asked](const tidewire::EndpointRequest& request) {
    *kept = request;
    own->reset();
    *asked = true;
  };
  *own = std::make_shared<Client>(world().makeClient(std::move(options)));
  const std::weak_ptr<Client> watched = *own;
  (*own)->connect();
  pollUntil("gone", watched, [&] { return watched.expired() && asked->load(); });
  kept->reset();  // The last copy of a probe of nobody's.
}

CONTRACT_TEST("ownership: the log's sink may own a subscription, and the last reference to its session") {
  tidewire::Options options = sessionOptions();
  auto own = std::make_shared<std::pair<std::shared_ptr<Session>, std::shared_ptr<Subscription>>>();
  auto emptied = std::make_shared<std::atomic<bool>>(false);
  options.log = {.level = tidewire::LogLevel::Info, .sink = [own, emptied](const tidewire::LogRecord&) {
                   *own = {};
                   *emptied = true;
                 }};
  own->first = std::make_shared<Session>(world().makeSession(std::move(options)));
  own->second = sharedSubscription(*own->first, "chat/a");
  own->first->connect();
  // On the loop's thread, whoever polls.
  pumpUntil("emptied", [&] { return emptied->load(); });
}

CONTRACT_TEST("ownership: a callback that still waits when its session goes may own another session") {
  auto other = std::make_shared<Session>(world().makeSession(sessionOptions()));
  const std::weak_ptr<Session> watched = other;
  other->connect();
  {
    Session session = world().makeSession(sessionOptions());
    (void)session.request("symbols", "", {}, [own = std::move(other)](const tidewire::Reply&) {});
    session.connect();
  }
  pumpUntil("gone", [&] { return watched.expired(); });
}
