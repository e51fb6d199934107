#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract_test.hpp"
#include "tidewire/send_buffer.hpp"

using namespace contract;
using namespace std::chrono_literals;
using tidewire::MessageKind;
using tidewire::SendBuffer;
using tidewire::SendResult;
using tidewire::WhenNotOpen;

namespace {

SendBuffer bufferOf(std::string_view payload) {
  SendBuffer buffer(payload.size());
  std::memcpy(buffer.bytes().data(), payload.data(), payload.size());
  return buffer;
}

std::string_view textOf(SendBuffer& buffer) {
  return {buffer.text().data(), buffer.text().size()};
}

std::string letters(std::size_t size) {
  std::string text(size, 'a');
  for (std::size_t i = 0; i < size; ++i) {
    text[i] = static_cast<char>('a' + i % 23);
  }
  return text;
}

}  // namespace

CONTRACT_TEST("send buffer: payloads of every length arrive, in call order with other messages") {
  const std::vector<std::size_t> sizes = {0, 1, 125, 126, 65535, 65536, 1'000'000};
  TestClient test(optionsFor("/echo"));
  for (const std::size_t size : sizes) {
    CHECK(test.client().send(std::to_string(size)) == SendResult::Queued);
    CHECK(test.client().sendBinary(bufferOf(letters(size))) == SendResult::Queued);
    CHECK(test.client().send(bufferOf(letters(size))) == SendResult::Queued);
  }
  test.client().connect();
  test.awaitMessages(3 * sizes.size());
  const Log log = test.log();
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    CHECK(log.messages[3 * i].payload == std::to_string(sizes[i]));
    for (const std::size_t at : {3 * i + 1, 3 * i + 2}) {
      CHECK(log.messages[at].kind == (at == 3 * i + 1 ? MessageKind::Binary : MessageKind::Text));
      const bool isSame = log.messages[at].payload == letters(sizes[i]);
      CHECK_MESSAGE(isSame, sizes[i], " bytes");
    }
  }
}

CONTRACT_TEST("send buffer: is empty after it was queued, and unchanged after a refusal") {
  tidewire::Options options = optionsFor("/echo");
  options.sendQueue.maxBytes = 1000;
  TestClient test(std::move(options));
  SendBuffer large = bufferOf(letters(1001));
  CHECK(test.client().sendBinary(std::move(large)) == SendResult::TooLarge);
  CHECK(textOf(large) == letters(1001));
  SendBuffer text = bufferOf("wrong \xFF");
  CHECK(test.client().send(std::move(text)) == SendResult::InvalidUtf8);
  CHECK(textOf(text) == "wrong \xFF");
  SendBuffer later = bufferOf("later");
  CHECK(test.client().send(std::move(later), {.whenNotOpen = WhenNotOpen::Refuse}) == SendResult::NotOpen);
  CHECK(textOf(later) == "later");
  CHECK(test.client().send(letters(1000)) == SendResult::Queued);
  CHECK(test.client().send(std::move(later)) == SendResult::QueueFull);
  CHECK(textOf(later) == "later");
  test.client().connect();
  test.awaitMessages(1);
  CHECK(test.client().send(std::move(later)) == SendResult::Queued);
  CHECK(later.size() == 0);
  CHECK(later.text().empty());
  test.awaitMessages(2);
  CHECK(test.log().messages[1].payload == "later");
  SendBuffer last = bufferOf("never");
  test.client().close();
  CHECK(test.client().send(std::move(last)) == SendResult::Closed);
  CHECK(textOf(last) == "never");
}

CONTRACT_TEST("send buffer: can be sent inside callbacks") {
  TestClient test(optionsFor("/echo"),
                  {.onOpen = [](TestClient& self) { CHECK(self.client().send(bufferOf("one")) == SendResult::Queued); },
                   .onMessage =
                       [](TestClient& self, const Log::Received& message) {
                         if (message.payload == "one") {
                           CHECK(self.client().sendBinary(bufferOf("two")) == SendResult::Queued);
                           CHECK(self.client().send("three") == SendResult::Queued);
                         }
                       }});
  test.client().connect();
  test.awaitMessages(3);
  CHECK(test.log().messages[1].payload == "two");
  CHECK(test.log().messages[1].kind == MessageKind::Binary);
  CHECK(test.log().messages[2].payload == "three");
}

CONTRACT_TEST("send buffer: counts like other messages, and is reported when it is dropped") {
  world().killServer();
  tidewire::Options options = optionsFor("/echo");
  options.reconnect.enabled = false;
  TestClient test(std::move(options));
  CHECK(test.client().send(bufferOf("three")) == SendResult::Queued);
  CHECK(test.client().sendBinary(bufferOf(letters(100'000))) == SendResult::Queued);
  CHECK(test.client().bufferedAmount() == 100'005);
  test.client().connect();
  test.awaitCloses(1);
  CHECK(test.log().drops[0].messages == 2);
  CHECK(test.log().drops[0].bytes == 100'005);
}

CONTRACT_TEST("send buffer: a flight record with payloads has what was sent") {
  tidewire::Options options = optionsFor("/echo");
  options.flightRecorder = {.entries = 8, .payloadBytes = 4};
  TestClient test(std::move(options));
  test.client().connect();
  test.awaitOpens(1);
  SendBuffer buffer = bufferOf("payload");
  CHECK(test.client().send(std::move(buffer)) == SendResult::Queued);
  CHECK(buffer.size() == 0);
  test.awaitMessages(1);
  CHECK(test.log().messages[0].payload == "payload");
  const std::string record = test.client().flightRecord();
  CHECK(record.find("payl") != record.rfind("payl"));  // Sent and received.
}
