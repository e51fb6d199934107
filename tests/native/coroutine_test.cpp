#include "tidewire/coroutine.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "contract/test_client.hpp"
#include "contract/world.hpp"

using namespace std::chrono_literals;
using contract::optionsFor;
using contract::pumpUntil;
using contract::world;
using tidewire::AwaitableClient;

namespace {

/// A coroutine that nobody waits for, and that ends itself.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

/// A coroutine that its owner destroys.
struct Owned {
  struct promise_type {
    Owned get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };

  std::coroutine_handle<promise_type> handle;
};

struct Conversation {
  std::vector<std::string> heard;
  bool opened = false;
  std::atomic<bool> over = false;
};

Detached converse(AwaitableClient& client, Conversation& conversation) {
  conversation.opened = (co_await client.connected()).has_value();
  for (const char* text : {"one", "two", "three"}) {
    (void)client.client().send(text);
    if (const auto message = co_await client.receive()) {
      conversation.heard.push_back(message->payload);
    }
  }
  client.client().close();
  while (co_await client.receive()) {
  }
  conversation.over = true;
}

Owned waitForMessage(AwaitableClient& client) {
  (void)co_await client.receive();
}

}  // namespace

TEST_CASE("coroutine: one that destroys the client, or another that waits, keeps those from being resumed") {
  for (const bool destroysClient : {false, true}) {
    CAPTURE(destroysClient);
    world().reset();
    auto client = std::make_unique<AwaitableClient>(optionsFor("/echo"));
    std::atomic<bool> acted = false;
    std::atomic<bool> resumed = false;
    Owned second;
    const auto act = [&] { destroysClient ? client.reset() : second.handle.destroy(); };
    [](AwaitableClient& self, auto& action, std::atomic<bool>& done) -> Detached {
      (void)co_await self.connected();
      action();
      done = true;
    }(*client, act, acted);
    second = [](AwaitableClient& self, std::atomic<bool>& done) -> Owned {
      (void)co_await self.connected();
      done = true;
    }(*client, resumed);
    client->client().connect();
    pumpUntil("the first coroutine", [&] { return acted.load(); });
    client.reset();  // Waits for the callback that runs them.
    CHECK_FALSE(resumed);
    if (destroysClient) {
      second.handle.destroy();
    }
  }
}

TEST_CASE("coroutine: a conversation reads from top to bottom") {
  world().reset();
  AwaitableClient client(optionsFor("/echo"));
  Conversation conversation;
  client.client().connect();
  converse(client, conversation);
  pumpUntil("the end of the conversation", [&] { return conversation.over.load(); });
  CHECK(conversation.opened);
  CHECK(conversation.heard == std::vector<std::string>{"one", "two", "three"});
}

TEST_CASE("coroutine: a client that closes for good answers with nothing") {
  world().reset();
  world().killServer();
  tidewire::Options options = optionsFor("/echo");
  options.reconnect.enabled = false;
  AwaitableClient client(std::move(options));
  Conversation conversation;
  client.client().connect();
  converse(client, conversation);
  pumpUntil("the end of the conversation", [&] { return conversation.over.load(); });
  CHECK_FALSE(conversation.opened);
  CHECK(conversation.heard.empty());
}

TEST_CASE("coroutine: untaken messages are kept within the limit, and then delivered in order") {
  // More than the system takes between a client that does not read and a server.
  constexpr int kMessages = 300;
  constexpr std::size_t kBytes = 100'000;
  const auto sendAll = [](tidewire::Client& client) {
    for (int i = 0; i < kMessages; ++i) {
      CHECK(client.send(std::string(kBytes, static_cast<char>('a' + i % 26))) == tidewire::SendResult::Queued);
    }
  };
  world().reset();
  tidewire::Options options = optionsFor("/echo");
  options.deliveryQueueBytes = 1000;
  options.sendQueue = {.maxBytes = 2 * kMessages * kBytes};
  contract::TestClient other(options);
  AwaitableClient client(std::move(options));
  client.client().connect();
  sendAll(client.client());
  pumpUntil("more than is kept", [&] { return client.client().stats().messagesReceived > 0; });
  // Another one's would all have come by now.
  other.client().connect();
  sendAll(other.client());
  other.awaitMessages(kMessages);
  CHECK(client.client().stats().messagesReceived < kMessages);
  std::atomic<int> heard = 0;
  std::atomic<bool> inOrder = true;
  [](AwaitableClient& self, std::atomic<int>& count, std::atomic<bool>& ordered) -> Detached {
    while (const auto message = co_await self.receive()) {
      ordered = ordered && message->payload[0] == static_cast<char>('a' + count % 26);
      if (++count == kMessages) {
        co_return;
      }
    }
  }(client, heard, inOrder);
  pumpUntil("all messages", [&] { return heard == kMessages; });
  CHECK(inOrder);
}

TEST_CASE("coroutine: one that waits may be destroyed, and is not resumed") {
  world().reset();
  AwaitableClient client(optionsFor("/echo"));
  const Owned owned = waitForMessage(client);
  CHECK_FALSE(owned.handle.done());
  owned.handle.destroy();
  client.client().connect();
  CHECK(client.client().send("nobody waits") == tidewire::SendResult::Queued);
  pumpUntil("the echo", [&] { return client.client().stats().messagesReceived == 1; });
}
