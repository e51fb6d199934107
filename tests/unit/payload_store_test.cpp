#include "platform/payload_store.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.hpp"
#include "rfc6455/codec.hpp"

namespace tidewire::internal {
namespace {

void put(PayloadStore& store, std::string_view payload, MessageKind kind = MessageKind::Binary) {
  REQUIRE(store.put(kind, core::asBytes(payload)));
}

std::vector<core::Outgoing> all(PayloadStore::Batch batch) {
  std::vector<core::Outgoing> messages;
  while (auto message = batch.next()) {
    messages.push_back(std::move(*message));
  }
  CHECK_FALSE(batch.next());
  return messages;
}

std::string payloadOf(const core::Outgoing& message) {
  const std::span<const std::byte> masked = PayloadStore::frame(message).last(message.sizeBytes);
  const std::byte* const key = masked.data() - 4;
  std::string payload;
  for (std::size_t i = 0; i < masked.size(); ++i) {
    payload += static_cast<char>(masked[i] ^ key[i % 4]);
  }
  return payload;
}

std::string counting(std::size_t length) {
  std::string text;
  for (std::size_t i = 0; i < length; ++i) {
    text += static_cast<char>(i * 7 + 1);
  }
  return text;
}

}  // namespace

TEST_CASE("payload store: messages come out in order, with kind, size and content") {
  PayloadStore store;
  put(store, "text", MessageKind::Text);
  put(store, std::string("\0\xFF", 2), MessageKind::Binary);
  put(store, "", MessageKind::Text);
  CHECK(store.count() == 3);
  const std::vector<core::Outgoing> messages = all(store.take());
  REQUIRE(messages.size() == 3);
  CHECK(messages[0].kind == MessageKind::Text);
  CHECK(payloadOf(messages[0]) == "text");
  CHECK(messages[1].kind == MessageKind::Binary);
  CHECK(payloadOf(messages[1]) == std::string("\0\xFF", 2));
  CHECK(messages[2].kind == MessageKind::Text);
  CHECK(messages[2].sizeBytes == 0);
}

TEST_CASE("payload store: payloads of every length come out whole, wherever they begin") {
  for (const std::size_t around : {0u, 125u, 126u, 1000u, 65535u, 65536u, 200'000u}) {
    PayloadStore store;
    std::vector<std::string> payloads;
    // Each is a byte longer than the one before, so that every alignment comes up.
    for (std::size_t more = 0; more < 20; ++more) {
      payloads.push_back(counting(around + more));
      put(store, payloads.back());
    }
    const std::vector<core::Outgoing> messages = all(store.take());
    REQUIRE(messages.size() == payloads.size());
    for (std::size_t i = 0; i < payloads.size(); ++i) {
      const bool same = payloadOf(messages[i]) == payloads[i];
      CHECK_MESSAGE(same, payloads[i].size(), " bytes");
    }
  }
}

TEST_CASE("payload store: a burst is packed, so that one write can carry its neighbours") {
  PayloadStore store;
  const auto burst = [&store] {
    for (int i = 0; i < 1000; ++i) {
      put(store, counting(64));
    }
    const std::vector<core::Outgoing> messages = all(store.take());
    std::size_t stretches = 1;
    for (std::size_t i = 1; i < messages.size(); ++i) {
      const auto before = PayloadStore::frame(messages[i - 1]);
      stretches += before.data() + before.size() == PayloadStore::frame(messages[i]).data() ? 0 : 1;
    }
    return stretches;
  };
  // The first fills blocks of growing size; the next begins with one as large as the first was.
  CHECK(burst() <= 6);
  CHECK(burst() == 1);
}

TEST_CASE("payload store: taking empties it, and later messages are another batch") {
  PayloadStore store;
  put(store, "first");
  PayloadStore::Batch first = store.take();
  CHECK(store.count() == 0);
  CHECK_FALSE(store.take().next());
  put(store, "second");
  CHECK(payloadOf(*first.next()) == "first");
  CHECK_FALSE(first.next());
  CHECK(payloadOf(*store.take().next()) == "second");
}

TEST_CASE("payload store: a message outlives the store, its batch and its neighbours") {
  std::optional<core::Outgoing> kept;
  {
    PayloadStore store;
    for (int i = 0; i < 100; ++i) {
      put(store, std::to_string(i));
    }
    std::vector<core::Outgoing> messages = all(store.take());
    kept = std::move(messages[50]);
  }
  CHECK(payloadOf(*kept) == "50");
}

TEST_CASE("payload store: messages that are never taken or read are freed") {
  // It is the address sanitizer that finds a leak here.
  PayloadStore store;
  put(store, counting(300'000));
  put(store, "a");
  PayloadStore::Batch batch = store.take();
  CHECK(batch.next());
  put(store, counting(300'000));
  PayloadStore::Batch other = store.take();
  batch = std::move(other);
  put(store, "never taken");
  CHECK(batch.next()->sizeBytes == 300'000);
}

TEST_CASE("payload store: the message that was put first can be dropped, whichever block it lies in") {
  PayloadStore store;
  const std::vector<std::size_t> sizes = {10, 250, 0, 5'000, 7, 200'000, 1};
  for (const std::size_t size : sizes) {
    put(store, counting(size));
  }
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    CHECK(store.dropFirst() == sizes[i]);
    CHECK(store.count() == sizes.size() - i - 1);
  }
  put(store, "later");
  const std::vector<core::Outgoing> messages = all(store.take());
  REQUIRE(messages.size() == 2);
  CHECK(payloadOf(messages[0]) == counting(1));
  CHECK(payloadOf(messages[1]) == "later");
}

TEST_CASE("payload store: one that was emptied by dropping takes messages like any other") {
  PayloadStore store;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 100; ++i) {
      put(store, counting(64));
    }
    while (store.count() > 0) {
      CHECK(store.dropFirst() == 64);
    }
  }
  CHECK_FALSE(store.take().next());
  put(store, "after all");
  CHECK(payloadOf(*store.take().next()) == "after all");
}

TEST_CASE("payload store: messages given back come before later ones") {
  PayloadStore store;
  for (int i = 0; i < 1000; ++i) {
    put(store, counting(64));
  }
  PayloadStore::Batch batch = store.take();
  CHECK(batch.next()->sizeBytes == 64);
  CHECK(batch.nextStretch());
  const std::size_t left = batch.count();
  CHECK(left < 999);
  CHECK(batch.payloadBytes() == left * 64);
  put(store, "later");
  put(store, "later still");
  CHECK(store.dropFirst() == 5);
  store.giveBack(std::move(batch));
  CHECK(store.count() == left + 1);
  put(store, "last");
  const std::vector<core::Outgoing> messages = all(store.take());
  REQUIRE(messages.size() == left + 2);
  CHECK(payloadOf(messages[0]) == counting(64));
  CHECK(payloadOf(messages[left]) == "later still");
  CHECK(payloadOf(messages[left + 1]) == "last");
}

TEST_CASE("payload store: giving back nothing changes nothing") {
  PayloadStore store;
  put(store, "one");
  PayloadStore::Batch batch = store.take();
  CHECK(batch.next());
  put(store, "two");
  store.giveBack(std::move(batch));
  store.giveBack({});
  CHECK(store.count() == 1);
  CHECK(payloadOf(*store.take().next()) == "two");
}

TEST_CASE("payload store: a stretch has the number of its messages and of their payload bytes") {
  PayloadStore store;
  std::size_t weight = 0;
  for (std::size_t size = 0; size < 1000; ++size) {
    put(store, counting(size));
    weight += size;
  }
  CHECK(store.dropFirst() == 0);
  CHECK(store.dropFirst() == 1);
  PayloadStore::Batch batch = store.take();
  const auto single = batch.next();
  REQUIRE(single);
  std::size_t messages = 3;
  std::size_t payloadBytes = 1 + single->sizeBytes;
  std::size_t frameBytes = 0;
  std::vector<PayloadStore::Batch::Stretch> stretches;
  while (auto stretch = batch.nextStretch()) {
    messages += stretch->messages;
    payloadBytes += stretch->payloadBytes;
    frameBytes += stretch->frames.size();
    stretches.push_back(std::move(*stretch));
  }
  CHECK(messages == 1000);
  CHECK(payloadBytes == weight);
  CHECK(frameBytes > payloadBytes - 3);
  CHECK(stretches.size() <= 10);
  CHECK_FALSE(batch.next());
}

TEST_CASE("payload store: every frame has a mask of its own") {
  PayloadStore store;
  put(store, std::string(8, '\0'));
  put(store, std::string(8, '\0'));
  const std::vector<core::Outgoing> messages = all(store.take());
  const auto keyOf = [](const core::Outgoing& message) {
    const auto frame = PayloadStore::frame(message);
    return std::vector<std::byte>(frame.end() - 12, frame.end() - 8);
  };
  CHECK(keyOf(messages[0]) != keyOf(messages[1]));
}

}  // namespace tidewire::internal
