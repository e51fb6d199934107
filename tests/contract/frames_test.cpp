#include <string>

#include "contract_test.hpp"
#include "peer_client.hpp"

using namespace contract;
using namespace std::chrono_literals;
using tidewire::CloseCause;
using tidewire::MessageKind;
using tidewire::SendResult;

namespace {

// What the peer's "/fragments" sends.

std::string peersText(std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) {
    text += "\u6F6E\U0001F30A\u00E9x";
  }
  return text;
}

std::string peersBytes(std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) {
    bytes.push_back(static_cast<char>(i * 7 % 256));
  }
  return bytes;
}

void checkFragments(std::size_t size, std::size_t bytes) {
  CAPTURE(size);
  TestClient test(optionsForPeer("/fragments?size=" + std::to_string(size) + "&bytes=" + std::to_string(bytes)));
  CHECK(test.client().send("go") == SendResult::Queued);
  test.client().connect();
  test.awaitMessages(2);
  const Log log = test.log();
  CHECK(log.messages[0].kind == MessageKind::Text);
  CHECK((log.messages[0].payload == peersText(bytes)));
  CHECK(log.messages[1].kind == MessageKind::Binary);
  CHECK((log.messages[1].payload == peersBytes(bytes)));
  CHECK(log.closes.empty());
}

/// The peer broke RFC 6455. A page is not told, and sees a connection that was lost.
void checkViolation(std::string_view play) {
  CAPTURE(play);
  const Log log = playedOut(play);
  const tidewire::CloseInfo& info = log.closes.front();
  CHECK((info.cause == CloseCause::ProtocolError || info.cause == CloseCause::ConnectionLost));
  CHECK(info.wasOpen);
  CHECK(info.willRetry);
  CHECK(log.messages.empty());
}

void checkNamedViolation(std::string_view play, int code) {
  CAPTURE(play);
  const tidewire::CloseInfo info = playedOut(play).closes.front();
  CHECK(info.cause == CloseCause::ProtocolError);
  CHECK(info.code == code);
  CHECK(info.reason.starts_with("the server "));  // As the peer was told.
  CHECK(info.detail == info.reason);
}

// Frames in hexadecimal: first byte, length, payload.
constexpr const char* kReservedBit = "/frames?hex=c10161";
constexpr const char* kUnknownOpcode = "/frames?hex=830161";
constexpr const char* kPingInFragments = "/frames?hex=090161";
constexpr const char* kContinuationAlone = "/frames?hex=800161";
constexpr const char* kTextWithinMessage = "/frames?hex=010161810162";
constexpr const char* kLengthNotMinimal = "/frames?hex=817e000161";
constexpr const char* kMasked = "/frames?hex=8181010203046062";
constexpr const char* kCloseOfOneByte = "/frames?hex=880103";
constexpr const char* kCloseReasonNotUtf8 = "/frames?hex=880403e8c328";

}  // namespace

CONTRACT_TEST("receive: fragments of every size are joined, empty ones included") {
  for (const std::size_t size : {1, 2, 3, 5, 7, 125, 126, 127, 999}) {
    checkFragments(size, 1000);
  }
  checkFragments(65'535, 200'000);
  checkFragments(65'536, 200'000);
}

CONTRACT_TEST("receive: bunched pings, and one within a message, are all answered in order") {
  constexpr int kPings = 50;  // Node's ws ends a connection for more than 60.
  TestClient test(optionsForPeer("/pings?count=" + std::to_string(kPings)));
  CHECK(test.client().send("go") == SendResult::Queued);
  test.client().connect();
  test.awaitMessages(2);
  std::string pongs;
  for (int i = 0; i < kPings; ++i) {
    pongs += std::to_string(i) + " ";
  }
  CHECK(test.log().messages[0].payload == "before and after");
  CHECK(test.log().messages[1].payload == pongs + "within");
}

CONTRACT_TEST("receive: a peer's message over the maximum is never delivered, and final") {
  for (const char* play : {"/oversized?bytes=100001", "/oversized?bytes=1000000"}) {
    CAPTURE(play);
    tidewire::Options options = optionsForPeer(play);
    options.maxMessageBytes = 100'000;
    const Log log = playedOut(std::move(options));
    CHECK(log.closes.front().cause == CloseCause::MessageTooBig);
    CHECK_FALSE(log.closes.front().willRetry);
    CHECK(log.messages.empty());
  }
}

CONTRACT_TEST("receive: a message over the maximum is refused by its frame header") {
  for (const char* announced : {"100001", "4611686018427387904"}) {
    CAPTURE(announced);
    tidewire::Options options = optionsForPeer("/oversized?sent=10&bytes=" + std::string(announced));
    options.maxMessageBytes = 100'000;
    const Log log = playedOut(std::move(options));
    CHECK(log.closes.front().cause == CloseCause::MessageTooBig);
    CHECK(log.closes.front().code == 1009);
    CHECK(log.messages.empty());
  }
}

CONTRACT_TEST("receive: fragments that never end are refused once they exceed the maximum") {
  tidewire::Options options = optionsForPeer("/endless");
  options.maxMessageBytes = 100'000;
  const Log log = playedOut(std::move(options));
  CHECK(log.closes.front().cause == CloseCause::MessageTooBig);
  CHECK(log.messages.empty());
}

CONTRACT_TEST("receive: fragments that never end are no sign of life to a page") {
  tidewire::Options options = optionsForPeer("/endless");
  options.heartbeat = {.interval = 100ms, .timeout = 200ms, .message = "alive?", .answer = "yes"};
  const Log log = playedOut(std::move(options));
  CHECK(log.closes.front().cause == CloseCause::HeartbeatTimeout);
  CHECK(log.closes.front().willRetry);
  CHECK(log.messages.empty());
}

CONTRACT_TEST("receive: text that is not UTF-8 is no message, and ends the connection") {
  checkViolation("/invalid-utf8?where=start");
  checkViolation("/invalid-utf8?where=end");
  checkViolation("/invalid-utf8?where=fragments");
}

CONTRACT_TEST("receive: frames that break RFC 6455 end the connection") {
  for (const char* play : {kReservedBit, kUnknownOpcode, kPingInFragments, kContinuationAlone, kTextWithinMessage,
                           kCloseReasonNotUtf8, "/garbage-after-open"}) {
    checkViolation(play);
  }
}

CONTRACT_TEST("receive: a length that is not written in its shortest form ends the connection") {
  checkViolation(kLengthNotMinimal);
}

CONTRACT_TEST("receive: a masked frame ends the connection") {
  checkViolation(kMasked);
}

CONTRACT_TEST("receive: a Close frame of one byte is a violation") {
  checkViolation(kCloseOfOneByte);
}

CONTRACT_TEST("receive: a violation is named, with the code sent to the peer") {
  checkNamedViolation("/invalid-utf8?where=start", 1007);
  checkNamedViolation("/invalid-utf8?where=end", 1007);
  checkNamedViolation("/invalid-utf8?where=fragments", 1007);
  for (const char* play : {kReservedBit, kUnknownOpcode, kPingInFragments, kContinuationAlone, kTextWithinMessage,
                           kLengthNotMinimal, kMasked, kCloseOfOneByte}) {
    checkNamedViolation(play, 1002);
  }
}

CONTRACT_TEST("send: a peer that does not read for a while gets everything in the end") {
  constexpr std::size_t kMessages = 100;
  constexpr std::size_t kBytes = 64 * 1024;
  TestClient test(optionsForPeer("/slow?ms=300"));
  CHECK(test.client().send("go") == SendResult::Queued);
  test.client().connect();
  for (std::size_t i = 0; i < kMessages; ++i) {
    CHECK(test.client().sendBinary(std::string(kBytes, 'x')) == SendResult::Queued);
  }
  CHECK(test.client().send("end") == SendResult::Queued);
  test.awaitMessages(1);
  CHECK(test.log().messages.front().payload ==
        std::to_string(kMessages) + " messages, " + std::to_string(kMessages * kBytes) + " bytes");
  CHECK(test.log().closes.empty());
}
