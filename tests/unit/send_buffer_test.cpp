#include "tidewire/send_buffer.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "core/bytes.hpp"
#include "platform/payload_store.hpp"
#include "rfc6455/codec.hpp"

namespace tidewire::internal {
namespace {

std::string counting(std::size_t length) {
  std::string text;
  for (std::size_t i = 0; i < length; ++i) {
    text += static_cast<char>(i * 7 + 1);
  }
  return text;
}

SendBuffer bufferOf(std::string_view payload) {
  SendBuffer buffer(payload.size());
  std::memcpy(buffer.bytes().data(), payload.data(), payload.size());
  return buffer;
}

std::string_view textOf(const SendBuffer& buffer) {
  return {reinterpret_cast<const char*>(buffer.bytes().data()), buffer.size()};
}

/// Checks the header, and returns the payload.
std::string payloadOf(const core::Outgoing& message) {
  const std::span<std::byte> frame = PayloadStore::frame(message);
  const native::OwnFrame own = native::lookAt(frame.data());
  CHECK(own.payloadBytes == message.sizeBytes);
  CHECK(own.bytes == frame.size());
  const std::span<std::byte> payload = native::unmask(frame.data());
  return {reinterpret_cast<const char*>(payload.data()), payload.size()};
}

}  // namespace

TEST_CASE("send buffer: the payload is sent from where it was written") {
  PayloadStore store;
  SendBuffer buffer = bufferOf(counting(100'000));
  const std::byte* const written = buffer.bytes().data();
  REQUIRE(store.put(MessageKind::Binary, buffer));
  CHECK(buffer.size() == 0);
  CHECK(buffer.bytes().data() == nullptr);
  PayloadStore::Batch batch = store.take();
  const auto message = batch.next();
  REQUIRE(message);
  const std::span<std::byte> frame = PayloadStore::frame(*message);
  CHECK(frame.last(message->sizeBytes).data() == written);
  CHECK(payloadOf(*message) == counting(100'000));
}

TEST_CASE("send buffer: payloads of every length come out whole, between others") {
  for (const std::size_t around : {0u, 120u, 1000u, 65530u, 200'000u}) {
    PayloadStore store;
    for (std::size_t more = 0; more < 10; ++more) {
      REQUIRE(store.put(MessageKind::Text, core::asBytes(counting(more))));
      SendBuffer buffer = bufferOf(counting(around + more));
      REQUIRE(store.put(more % 2 == 0 ? MessageKind::Text : MessageKind::Binary, buffer));
    }
    CHECK(store.count() == 20);
    PayloadStore::Batch batch = store.take();
    for (std::size_t more = 0; more < 10; ++more) {
      const auto between = batch.next();
      const auto message = batch.next();
      REQUIRE(message);
      CHECK(payloadOf(*between) == counting(more));
      CHECK(message->kind == (more % 2 == 0 ? MessageKind::Text : MessageKind::Binary));
      const bool isSame = payloadOf(*message) == counting(around + more);
      CHECK_MESSAGE(isSame, message->sizeBytes, " bytes");
    }
    CHECK_FALSE(batch.next());
  }
}

TEST_CASE("send buffer: a message behind it joins its write") {
  PayloadStore store;
  SendBuffer buffer = bufferOf(counting(70'000));
  REQUIRE(store.put(MessageKind::Binary, buffer));
  REQUIRE(store.put(MessageKind::Binary, core::asBytes(counting(10))));
  PayloadStore::Batch batch = store.take();
  const auto stretch = batch.nextStretch();
  REQUIRE(stretch);
  CHECK(stretch->messages == 2);
  CHECK(stretch->payloadBytes == 70'010);
  CHECK(stretch->frames.size() == native::frameBytes(70'000) + native::frameBytes(10));
  CHECK_FALSE(batch.nextStretch());
}

TEST_CASE("send buffer: one that was sent can be dropped and given back like any message") {
  PayloadStore store;
  for (const std::size_t size : {300u, 40'000u, 7u}) {
    SendBuffer buffer = bufferOf(counting(size));
    REQUIRE(store.put(MessageKind::Binary, buffer));
  }
  CHECK(store.dropFirst() == 300);
  PayloadStore::Batch batch = store.take();
  CHECK(batch.count() == 2);
  CHECK(batch.payloadBytes() == 40'007);
  REQUIRE(store.put(MessageKind::Binary, core::asBytes(std::string_view("later"))));
  store.giveBack(std::move(batch));
  PayloadStore::Batch again = store.take();
  CHECK(payloadOf(*again.next()) == counting(40'000));
  CHECK(payloadOf(*again.next()) == counting(7));
  CHECK(payloadOf(*again.next()) == "later");
}

TEST_CASE("send buffer: payloads are aligned for any type") {
  for (const std::size_t size : {0u, 1u, 100u, 500u, 70'000u, 20'000'000u}) {
    SendBuffer buffer(size);
    CHECK(reinterpret_cast<std::uintptr_t>(buffer.bytes().data()) % alignof(std::max_align_t) == 0);
    CHECK(buffer.size() == size);
  }
}

TEST_CASE("send buffer: shrinking leaves the first bytes, and never grows") {
  SendBuffer buffer = bufferOf("a longer text");
  buffer.shrink(8);
  CHECK(textOf(buffer) == "a longer");
  buffer.shrink(9);
  CHECK(textOf(buffer) == "a longer");
  CHECK(buffer.text().size() == 8);
  PayloadStore store;
  REQUIRE(store.put(MessageKind::Text, buffer));
  CHECK(payloadOf(*store.take().next()) == "a longer");
}

TEST_CASE("send buffer: moving takes the payload over, and assigning swaps") {
  SendBuffer first = bufferOf("first");
  SendBuffer second = std::move(first);
  CHECK(textOf(second) == "first");
  CHECK(first.size() == 0);
  CHECK(first.bytes().data() == nullptr);
  SendBuffer third = bufferOf("third");
  third = std::move(second);
  CHECK(textOf(third) == "first");
  CHECK(textOf(second) == "third");
}

}  // namespace tidewire::internal
