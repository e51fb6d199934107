#include "rfc6455/handshake.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tidewire::native {
namespace {

using namespace std::chrono_literals;

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
std::string faultAfter(const std::function<void(HandshakeAnswer&)>& change,
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

TEST_CASE("handshake: the request has the header fields that RFC 6455 requires, and no others") {
  CHECK(handshakeRequest(parsed("ws://example.org/chat?room=1"), {}, {}, kKey) ==
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
  const std::string request = handshakeRequest(parsed("wss://[::1]:8443"), offered, {}, kKey);
  CHECK(request.find("\r\nSec-WebSocket-Protocol: tidewire.v1, chat\r\n") != std::string::npos);
  CHECK(request.starts_with("GET / HTTP/1.1\r\nHost: [::1]:8443\r\n"));
}

TEST_CASE("handshake: user info becomes basic credentials") {
  const auto hasCredentials = [](std::string_view url, const std::string& credentials) {
    const std::string request = handshakeRequest(parsed(url), {}, {}, kKey);
    return request.find("\r\nAuthorization: Basic " + credentials + "\r\n\r\n") != std::string::npos;
  };
  CHECK(hasCredentials("ws://Aladdin:open%20sesame@h/", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));  // RFC 7617 section 2.
  CHECK(hasCredentials("ws://user@h/", "dXNlcjo="));
  CHECK(hasCredentials("ws://a%3ab:%C3%a9@h/", "YTpiOsOp"));
}

TEST_CASE("handshake: user info without user and password sends no credentials") {
  for (const char* url : {"ws://@h/", "ws://:@h/"}) {
    CHECK(handshakeRequest(parsed(url), {}, {}, kKey).find("Authorization") == std::string::npos);
  }
}

TEST_CASE("handshake: an application's header fields follow ours, in their order") {
  const std::vector<Header> headers = {{"X-One", "1"}, {"Cookie", "a=b; c=d"}, {"X-One", ""}};
  const std::string request = handshakeRequest(parsed("ws://h/"), {}, headers, kKey);
  CHECK(request.ends_with("Sec-WebSocket-Version: 13\r\nX-One: 1\r\nCookie: a=b; c=d\r\nX-One: \r\n\r\n"));
}

TEST_CASE("handshake: a header Authorization takes the place of user info, however it is written") {
  for (const std::string name : {"Authorization", "authorization", "AUTHORIZATION"}) {
    const std::vector<Header> headers = {{name, "Bearer t"}};
    const std::string request = handshakeRequest(parsed("ws://user:secret@h/"), {}, headers, kKey);
    CHECK(request.ends_with("\r\n" + name + ": Bearer t\r\n\r\n"));
    CHECK(request.find("Basic") == std::string::npos);
  }
  const std::vector<Header> other = {{"X-Authorization", "t"}};
  CHECK(handshakeRequest(parsed("ws://user@h/"), {}, other, kKey).find("Basic dXNlcjo=") != std::string::npos);
}

TEST_CASE("handshake: a long URL comes out whole") {
  const std::string target = "/" + std::string(8 * 1024, 'p') + "?" + std::string(1024, 'q');
  const std::string request = handshakeRequest(parsed("ws://h" + target), {}, {}, kKey);
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

TEST_CASE("handshake: a second Sec-WebSocket-Accept is refused, also an equal one") {
  CHECK(faultAfter([](auto& answer) { answer.accept += ", " + answer.accept; }) != "");
  CHECK(faultAfter([](auto& answer) { answer.accept += ","; }) != "");
}

TEST_CASE("handshake: each fault has a sentence of its own") {
  const std::vector<std::function<void(HandshakeAnswer&)>> changes = {
      [](auto& answer) { answer.status = 200; },     [](auto& answer) { answer.upgrade = ""; },
      [](auto& answer) { answer.connection = ""; },  [](auto& answer) { answer.accept = ""; },
      [](auto& answer) { answer.extensions = "x"; }, [](auto& answer) { answer.subprotocol = "x"; },
      [](auto& answer) { answer.accept += ", x"; },
  };
  std::vector<std::string> sentences;
  for (const auto& change : changes) {
    const std::string sentence = faultAfter(change);
    CHECK(sentence.starts_with("the server"));
    CHECK(std::ranges::count(sentences, sentence) == 0);
    sentences.push_back(sentence);
  }
}

// What the server is understood to ask for, with a wall clock that stands at the epoch.
std::optional<core::Duration> askedFor(const std::string& retryAfterField, const std::string& date = {},
                                       int status = 503) {
  return retryAfter({.status = status, .retryAfter = retryAfterField, .date = date}, core::WallTime(0));
}

constexpr auto kNothing = std::nullopt;

TEST_CASE("retry after: a number of seconds is obeyed with status 429 and 503 only") {
  CHECK(askedFor("120") == core::Duration(120s));
  CHECK(askedFor("0") == core::Duration(0s));
  CHECK(askedFor(" 7\t") == core::Duration(7s));
  CHECK(askedFor("7", {}, 429) == core::Duration(7s));
  for (const int status : {0, 101, 200, 301, 401, 403, 404, 500, 502, 504}) {
    CHECK(askedFor("7", {}, status) == kNothing);
  }
}

TEST_CASE("retry after: a date is relative to the response's Date, or to the local clock without one") {
  CHECK(askedFor("Thu, 01 Jan 1970 00:01:40 GMT") == core::Duration(100s));
  CHECK(askedFor("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:00 GMT") == core::Duration(37s));
  CHECK(askedFor("Thu, 29 Feb 2024 00:00:00 GMT", "Wed, 28 Feb 2024 23:59:00 GMT") == core::Duration(60s));
  CHECK(askedFor("Mon, 01 Jan 2024 00:00:00 GMT", "Sun, 31 Dec 2023 00:00:00 GMT") == core::Duration(24h));
  CHECK(askedFor("Thu, 01 Jan 1970 00:00:05 GMT", "yesterday") == core::Duration(5s));
}

TEST_CASE("retry after: a past date means no delay") {
  CHECK(askedFor("Sun, 06 Nov 1994 08:49:00 GMT", "Sun, 06 Nov 1994 08:49:37 GMT") == core::Duration(0s));
}

TEST_CASE("retry after: a value that is neither a number nor a date is ignored") {
  for (const std::string text :
       {"", " ", "soon", "-1", "+1", "1.5", "12 s", "0x10", "1,2", "Sun, 06 Nov 1994 08:49:37", "1994-11-06T08:49:37Z",
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Mai 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 anF 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:xx:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 CET", "Sun, -6 Nov 1994 08:49:37 GMT"}) {
    CAPTURE(text);
    CHECK(askedFor(text) == kNothing);
  }
}

TEST_CASE("retry after: a time beyond all reason is still a long one") {
  CHECK(askedFor("99999999999999999999") >= core::Duration(24h * 365));
  CHECK(askedFor("2147483647") >= core::Duration(24h * 365));
  CHECK(askedFor("Fri, 31 Dec 9999 23:59:59 GMT") >= core::Duration(24h * 365));
  CHECK(askedFor("Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT") >= core::Duration(24h * 365));
}

}  // namespace
}  // namespace tidewire::native
