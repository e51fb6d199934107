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

/// Text of letters with an umlaut here and there, in bytes.
std::string letters(std::size_t length) {
  std::string text(length, 'a');
  for (std::size_t i = 0; i < length; ++i) {
    text[i] = static_cast<char>('a' + i % 23);
  }
  for (std::size_t i = 0; i + 1 < length; i += 1000) {
    text[i] = '\xC3';
    text[i + 1] = '\xA4';
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

void put(PayloadStore& store, MessageKind kind, SendBuffer& buffer) {
  REQUIRE(PayloadStore::seal(kind, buffer.bytes(), buffer) == SendResult::Queued);
  REQUIRE(store.put(kind, buffer));
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
  put(store, MessageKind::Binary, buffer);
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
      REQUIRE(store.put(MessageKind::Text, core::asBytes(letters(more))));
      SendBuffer buffer = bufferOf(letters(around + more));
      put(store, more % 2 == 0 ? MessageKind::Text : MessageKind::Binary, buffer);
    }
    CHECK(store.count() == 20);
    PayloadStore::Batch batch = store.take();
    for (std::size_t more = 0; more < 10; ++more) {
      const auto between = batch.next();
      const auto message = batch.next();
      REQUIRE(message);
      CHECK(payloadOf(*between) == letters(more));
      CHECK(message->kind == (more % 2 == 0 ? MessageKind::Text : MessageKind::Binary));
      const bool isSame = payloadOf(*message) == letters(around + more);
      CHECK_MESSAGE(isSame, message->sizeBytes, " bytes");
    }
    CHECK_FALSE(batch.next());
  }
}

TEST_CASE("send buffer: a message behind it joins its write") {
  PayloadStore store;
  SendBuffer buffer = bufferOf(counting(70'000));
  put(store, MessageKind::Binary, buffer);
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
    put(store, MessageKind::Binary, buffer);
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

TEST_CASE("send buffer: a frame that is not put becomes the payload again") {
  for (const std::size_t size : {1u, 7u, 126u, 16'384u, 16'385u, 70'000u}) {
    SendBuffer buffer = bufferOf(letters(size));
    REQUIRE(PayloadStore::seal(MessageKind::Text, buffer.bytes(), buffer) == SendResult::Queued);
    CHECK((textOf(buffer) == letters(size)) == false);
    PayloadStore::unseal(buffer);
    CHECK((textOf(buffer) == letters(size)) == true);
  }
}

TEST_CASE("send buffer: a text that is not UTF-8 is not sealed, and stays what it is, wherever it is wrong") {
  const std::string right = letters(50'000);
  for (const std::size_t at : {std::size_t{1}, std::size_t{16'383}, std::size_t{16'384}, right.size() - 1}) {
    std::string wrong = right;
    wrong[at] = '\xC3';
    SendBuffer buffer = bufferOf(wrong);
    CHECK(PayloadStore::seal(MessageKind::Text, buffer.bytes(), buffer) == SendResult::InvalidUtf8);
    CHECK((textOf(buffer) == wrong) == true);
    CHECK(PayloadStore::seal(MessageKind::Binary, buffer.bytes(), buffer) == SendResult::Queued);
  }
}

TEST_CASE("send buffer: a character may lie across two pieces of the check") {
  std::string text(16'383, 'a');
  text += "\xE2\x82\xAC and more";
  SendBuffer buffer = bufferOf(text);
  PayloadStore store;
  put(store, MessageKind::Text, buffer);
  CHECK((payloadOf(*store.take().next()) == text) == true);
}

TEST_CASE("send buffer: a payload that lies elsewhere is copied into its frame, and stays what it is") {
  for (const std::size_t size : {1u, 126u, 16'384u, 16'385u, 70'000u}) {
    const std::string text = letters(size);
    SendBuffer buffer(size);
    REQUIRE(PayloadStore::seal(MessageKind::Text, core::asBytes(text), buffer) == SendResult::Queued);
    CHECK((text == letters(size)) == true);
    PayloadStore store;
    REQUIRE(store.put(MessageKind::Text, buffer));
    CHECK((payloadOf(*store.take().next()) == text) == true);
  }
}

TEST_CASE("send buffer: a text that lies elsewhere and is not UTF-8 is not sealed, and stays what it is") {
  const std::string right = letters(50'000);
  for (const std::size_t at : {std::size_t{1}, std::size_t{16'384}, right.size() - 1}) {
    std::string wrong = right;
    wrong[at] = '\xC3';
    const std::string before = wrong;
    SendBuffer buffer(wrong.size());
    CHECK(PayloadStore::seal(MessageKind::Text, core::asBytes(wrong), buffer) == SendResult::InvalidUtf8);
    CHECK((wrong == before) == true);
  }
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
  put(store, MessageKind::Text, buffer);
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
