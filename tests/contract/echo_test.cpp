#include <string>
#include <vector>

#include "contract_test.hpp"

using namespace contract;
using tidewire::MessageKind;
using tidewire::SendResult;

namespace {

/// Sends `payload` to the echo server and returns what comes back.
Log::Received echoed(MessageKind kind, const std::string& payload) {
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  const SendResult result = kind == MessageKind::Text ? test.client().send(payload) : test.client().sendBinary(payload);
  CHECK(result == SendResult::Queued);
  test.awaitMessages(1);
  return test.log().messages.front();
}

void checkEcho(MessageKind kind, const std::string& payload) {
  const Log::Received received = echoed(kind, payload);
  CHECK(received.kind == kind);
  CHECK(received.payload.size() == payload.size());
  CHECK(received.payload == payload);
}

std::string everyByte() {
  std::string bytes;
  for (int value = 0; value < 256; ++value) {
    bytes.push_back(static_cast<char>(value));
  }
  return bytes;
}

}  // namespace

CONTRACT_TEST("echo: text comes back unchanged") {
  checkEcho(MessageKind::Text, "hello, world");
}

CONTRACT_TEST("echo: one character comes back") {
  checkEcho(MessageKind::Text, "x");
}

CONTRACT_TEST("echo: an empty text is a message") {
  checkEcho(MessageKind::Text, "");
}

CONTRACT_TEST("echo: text may contain NUL") {
  checkEcho(MessageKind::Text, std::string("a\0b\0", 4));
}

CONTRACT_TEST("echo: text outside ASCII comes back unchanged") {
  checkEcho(MessageKind::Text, "zürich \u03BA\u1F79\u03C3\u03BC\u03B5 \u6F6E \U0001F30A \uFEFF");
}

CONTRACT_TEST("echo: 1 MiB of text outside ASCII comes back unchanged") {
  std::string text;
  while (text.size() < 1024 * 1024) {
    text += "潮\0🌊é";
    text += '\0';
  }
  checkEcho(MessageKind::Text, text);
}

CONTRACT_TEST("echo: an empty binary message is a message") {
  checkEcho(MessageKind::Binary, "");
}

CONTRACT_TEST("echo: one byte comes back") {
  checkEcho(MessageKind::Binary, std::string(1, '\xFF'));
}

CONTRACT_TEST("echo: every byte value comes back") {
  checkEcho(MessageKind::Binary, everyByte());
}

CONTRACT_TEST("echo: 1 MiB of binary comes back unchanged") {
  std::string bytes;
  while (bytes.size() < 1024 * 1024) {
    bytes += everyByte();
  }
  checkEcho(MessageKind::Binary, bytes);
}

CONTRACT_TEST("order: text and binary mixed come back in the order they were sent") {
  constexpr int kMessages = 1000;
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  for (int i = 0; i < kMessages; ++i) {
    const std::string payload = std::to_string(i) + std::string(static_cast<std::size_t>(i % 300), '.');
    const SendResult result = i % 3 == 0 ? test.client().sendBinary(payload) : test.client().send(payload);
    CHECK(result == SendResult::Queued);
  }
  test.awaitMessages(kMessages);
  const Log log = test.log();
  for (int i = 0; i < kMessages; ++i) {
    const Log::Received& received = log.messages[static_cast<std::size_t>(i)];
    CHECK(received.kind == (i % 3 == 0 ? MessageKind::Binary : MessageKind::Text));
    CHECK(received.payload == std::to_string(i) + std::string(static_cast<std::size_t>(i % 300), '.'));
  }
}

CONTRACT_TEST("send: messages sent before connect() leave once the connection is open") {
  TestClient test(optionsFor("/echo"));
  CHECK(test.client().send("early") == SendResult::Queued);
  test.client().connect();
  test.awaitMessages(1);
  CHECK(test.log().messages.front().payload == "early");
}

CONTRACT_TEST("send: a buffer may be reused at once") {
  TestClient test(optionsFor("/echo"));
  test.client().connect();
  std::vector<unsigned char> buffer(64, 'a');
  CHECK(test.client().sendBinary(buffer) == SendResult::Queued);
  buffer.assign(64, 'b');
  CHECK(test.client().sendBinary(buffer) == SendResult::Queued);
  test.awaitMessages(2);
  CHECK(test.log().messages[0].payload == std::string(64, 'a'));
  CHECK(test.log().messages[1].payload == std::string(64, 'b'));
}

CONTRACT_TEST("send: text that is not UTF-8 is refused") {
  TestClient test(optionsFor("/echo"));
  CHECK(test.client().send("\xC3\x28") == SendResult::InvalidUtf8);
  CHECK(test.client().send("\xED\xA0\x80") == SendResult::InvalidUtf8);
  CHECK(test.client().send(std::string(200'000, 'x') + "\xC3") == SendResult::InvalidUtf8);
  CHECK(test.client().sendBinary(std::string("\xC3\x28")) == SendResult::Queued);
}

CONTRACT_TEST("send: the queue is bounded in bytes and in count") {
  tidewire::Options options = optionsFor("/echo");
  options.sendQueue = {.maxBytes = 100, .maxMessages = 3};
  TestClient test(std::move(options));
  CHECK(test.client().send(std::string(101, 'x')) == SendResult::TooLarge);
  CHECK(test.client().send(std::string(60, 'a')) == SendResult::Queued);
  CHECK(test.client().send(std::string(41, 'x')) == SendResult::QueueFull);
  CHECK(test.client().send(std::string(30, 'b')) == SendResult::Queued);
  CHECK(test.client().send("c") == SendResult::Queued);
  CHECK(test.client().send("d") == SendResult::QueueFull);
  test.client().connect();
  test.awaitMessages(3);
  CHECK(test.log().messages[2].payload == "c");
  CHECK(test.client().send(std::string(100, 'e')) == SendResult::Queued);
  test.awaitMessages(4);
}

CONTRACT_TEST("receive: a message over the maximum ends the connection for good") {
  tidewire::Options options = optionsFor("/echo");
  options.maxMessageBytes = 1000;
  TestClient test(std::move(options));
  test.client().connect();
  CHECK(test.client().send(std::string(1000, 'x')) == SendResult::Queued);
  test.awaitMessages(1);
  CHECK(test.client().sendBinary(std::string(1001, 'x')) == SendResult::Queued);
  test.awaitCloses(1);
  const tidewire::CloseInfo info = test.log().closes.front();
  CHECK(info.cause == tidewire::CloseCause::MessageTooBig);
  CHECK(info.detail == "a message exceeded maxMessageBytes (1000)");
  CHECK_FALSE(info.reason.empty());
  CHECK_FALSE(info.willRetry);
  CHECK(test.log().messages.size() == 1);
}
