#include "handshake.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <vector>

namespace tidewire::native {
namespace {

const std::string kKey = "dGhlIHNhbXBsZSBub25jZQ==";

core::Url parsed(std::string_view text) {
  const core::UrlParse parse = core::parseUrl(text);
  REQUIRE(parse.error == core::UrlError::None);
  return parse.url;
}

HandshakeAnswer rightAnswer() {
  return {.status = 101, .upgrade = "websocket", .connection = "Upgrade", .accept = acceptFor(kKey)};
}

// What is found wrong with the right answer after one change to it.
std::string_view faultAfter(const std::function<void(HandshakeAnswer&)>& change,
                            const std::vector<std::string>& offered = {}) {
  HandshakeAnswer answer = rightAnswer();
  change(answer);
  return checkAnswer(answer, kKey, offered);
}

TEST_CASE("handshake: the key and its answer are those of RFC 6455 section 1.3") {
  const std::string_view nonce = "the sample nonce";
  CHECK(makeKey(std::as_bytes(std::span<const char, kNonceBytes>(nonce.data(), kNonceBytes))) == kKey);
  CHECK(acceptFor(kKey) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("handshake: the key is the base64 of sixteen bytes") {
  std::array<std::byte, kNonceBytes> nonce = {};
  CHECK(makeKey(nonce) == "AAAAAAAAAAAAAAAAAAAAAA==");
  nonce.fill(std::byte{0xFF});
  CHECK(makeKey(nonce) == "/////////////////////w==");
}

TEST_CASE("handshake: the request has the header fields that RFC 6455 asks for, and no others") {
  CHECK(handshakeRequest(parsed("ws://example.org/chat?room=1"), {}, kKey) ==
        "GET /chat?room=1 HTTP/1.1\r\n"
        "Host: example.org\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "\r\n");
}

TEST_CASE("handshake: the subprotocols are offered in their order") {
  const std::vector<std::string> offered = {"tidewire.v1", "chat"};
  const std::string request = handshakeRequest(parsed("wss://[::1]:8443"), offered, kKey);
  CHECK(request.find("\r\nSec-WebSocket-Protocol: tidewire.v1, chat\r\n") != std::string::npos);
  CHECK(request.starts_with("GET / HTTP/1.1\r\nHost: [::1]:8443\r\n"));
}

TEST_CASE("handshake: user info becomes basic credentials") {
  const auto hasCredentials = [](std::string_view url, const std::string& credentials) {
    const std::string request = handshakeRequest(parsed(url), {}, kKey);
    return request.find("\r\nAuthorization: Basic " + credentials + "\r\n\r\n") != std::string::npos;
  };
  CHECK(hasCredentials("ws://Aladdin:open%20sesame@h/", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));  // RFC 7617 section 2.
  CHECK(hasCredentials("ws://user@h/", "dXNlcjo="));
  CHECK(hasCredentials("ws://a%3ab:%C3%a9@h/", "YTpiOsOp"));
}

TEST_CASE("handshake: a long URL comes out whole") {
  const std::string target = "/" + std::string(8 * 1024, 'p') + "?" + std::string(1024, 'q');
  const std::string request = handshakeRequest(parsed("ws://h" + target), {}, kKey);
  const bool isWhole = request.starts_with("GET " + target + " HTTP/1.1\r\n");
  CHECK(isWhole);
}

TEST_CASE("handshake: the right answer is accepted") {
  CHECK(checkAnswer(rightAnswer(), kKey, {}) == "");
}

TEST_CASE("handshake: names in the answer are compared without regard to case, and lists are searched") {
  CHECK(faultAfter([](auto& answer) { answer.upgrade = "WebSocket"; }) == "");
  CHECK(faultAfter([](auto& answer) { answer.upgrade = " websocket "; }) == "");
  CHECK(faultAfter([](auto& answer) { answer.connection = "UPGRADE"; }) == "");
  CHECK(faultAfter([](auto& answer) { answer.connection = "keep-alive,\tUpgrade"; }) == "");
  CHECK(faultAfter([](auto& answer) { answer.connection = "upgrade , close"; }) == "");
  CHECK(faultAfter([](auto& answer) { answer.accept = " " + answer.accept + "\t"; }) == "");
}

TEST_CASE("handshake: an answer other than 101 is refused") {
  for (const int status : {0, 100, 200, 204, 301, 401, 404, 426, 500}) {
    CHECK(faultAfter([&](auto& answer) { answer.status = status; }) != "");
  }
}

TEST_CASE("handshake: an answer without the right Upgrade is refused") {
  for (const std::string value : {"", "h2c", "websocket2", "web socket", "websocket/13"}) {
    CHECK(faultAfter([&](auto& answer) { answer.upgrade = value; }) != "");
  }
}

TEST_CASE("handshake: an answer without the right Connection is refused") {
  for (const std::string value : {"", "close", "keep-alive", "upgraded", "not upgrade", ",", "up,grade"}) {
    CHECK(faultAfter([&](auto& answer) { answer.connection = value; }) != "");
  }
}

TEST_CASE("handshake: an answer to another key is refused") {
  CHECK(faultAfter([](auto& answer) { answer.accept = ""; }) != "");
  CHECK(faultAfter([](auto& answer) { answer.accept = kKey; }) != "");
  CHECK(faultAfter([](auto& answer) { answer.accept = acceptFor("x3JJHMbDL1EzLkh9GBhXDw=="); }) != "");
  CHECK(faultAfter([](auto& answer) { answer.accept[0] = 'S'; }) != "");  // Base64 has case.
}

TEST_CASE("handshake: an extension that was not offered is refused") {
  CHECK(faultAfter([](auto& answer) { answer.extensions = "permessage-deflate"; }) != "");
}

TEST_CASE("handshake: exactly one of the offered subprotocols must be chosen") {
  const auto faultWith = [](std::string_view chosen, const std::vector<std::string>& offered) {
    return faultAfter([&](auto& answer) { answer.subprotocol = chosen; }, offered);
  };
  CHECK(faultWith("chat", {"tidewire.v1", "chat"}) == "");
  CHECK(faultWith("", {"tidewire.v1", "chat"}) != "");
  CHECK(faultWith("other", {"tidewire.v1", "chat"}) != "");
  CHECK(faultWith("Chat", {"tidewire.v1", "chat"}) != "");
  CHECK(faultWith("tidewire.v1, chat", {"tidewire.v1", "chat"}) != "");
  CHECK(faultWith("chat", {}) != "");
  CHECK(faultWith("", {"chat"}) != faultWith("other", {"chat"}));
}

TEST_CASE("handshake: a 101 that announces a body is refused") {
  CHECK(faultAfter([](auto& answer) { answer.contentLength = "0"; }) != "");
  CHECK(faultAfter([](auto& answer) { answer.transferEncoding = "chunked"; }) != "");
}

TEST_CASE("handshake: each fault has a sentence of its own") {
  const std::vector<std::function<void(HandshakeAnswer&)>> changes = {
      [](auto& answer) { answer.status = 200; },        [](auto& answer) { answer.upgrade = ""; },
      [](auto& answer) { answer.connection = ""; },     [](auto& answer) { answer.accept = ""; },
      [](auto& answer) { answer.extensions = "x"; },    [](auto& answer) { answer.subprotocol = "x"; },
      [](auto& answer) { answer.contentLength = "1"; },
  };
  std::vector<std::string_view> sentences;
  for (const auto& change : changes) {
    const std::string_view sentence = faultAfter(change);
    CHECK(sentence.ends_with('.'));
    CHECK(std::ranges::count(sentences, sentence) == 0);
    sentences.push_back(sentence);
  }
}

}  // namespace
}  // namespace tidewire::native
