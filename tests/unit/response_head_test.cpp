#include "rfc6455/response_head.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace tidewire::native {
namespace {

using State = ResponseHeadReader::State;

std::span<const std::byte> asBytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// What a reader makes of `text`, and what it leaves.
struct Read {
  ResponseHeadReader reader;
  std::string rest;
};

Read readIn(std::string_view text, std::size_t pieceBytes) {
  Read read;
  std::size_t used = 0;
  for (std::size_t at = 0; at < text.size() && read.reader.state() == State::Reading; at += pieceBytes) {
    used += read.reader.feed(asBytes(text.substr(at, pieceBytes)));
  }
  read.rest = text.substr(used);
  return read;
}

/// The same in one piece and byte by byte.
Read readLong(const std::string& text) {
  Read whole = readIn(text, text.size());
  CHECK(readIn(text, 1).reader.state() == whole.reader.state());
  return whole;
}

/// The same also cut at every byte.
Read readOf(const std::string& text) {
  Read whole = readLong(text);
  for (std::size_t cut = 0; cut < std::min<std::size_t>(text.size(), 400); ++cut) {
    CAPTURE(cut);
    ResponseHeadReader reader;
    std::size_t used = reader.feed(asBytes(text).first(cut));
    used += reader.feed(asBytes(text).subspan(used));
    REQUIRE(reader.state() == whole.reader.state());
    REQUIRE(reader.head().status == whole.reader.head().status);
    REQUIRE(reader.head().reason == whole.reader.head().reason);
    REQUIRE(reader.head().fields == whole.reader.head().fields);
    if (reader.state() == State::Complete) {
      REQUIRE(text.substr(used) == whole.rest);
    }
  }
  return whole;
}

TEST_CASE("response head: a complete head is read, and the bytes behind it are left") {
  const Read read = readOf("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX-Empty:\r\n\r\n\x81\x02hi\r\n");
  CHECK(read.reader.state() == State::Complete);
  CHECK(read.reader.head().status == 101);
  CHECK(read.reader.head().summary() == "HTTP 101 Switching Protocols");
  CHECK(read.reader.head().field("upgrade") == "websocket");
  CHECK(read.reader.head().field("x-empty") == "");
  CHECK(read.reader.head().field("absent") == "");
  CHECK(read.rest == "\x81\x02hi\r\n");
}

TEST_CASE("response head: names have no case, and values no outer blanks") {
  const Read read = readOf("HTTP/1.1 200 OK\r\nUPGRADE \t:\t WebSocket \t\r\n\r\n");
  CHECK(read.reader.head().field("upgrade") == "WebSocket");
}

TEST_CASE("response head: values of a repeated field are joined by a comma") {
  const Read read = readOf("HTTP/1.1 200 OK\r\nA: 1\r\nB: x\r\na: 2\r\nA:\r\n\r\n");
  CHECK(read.reader.head().field("a") == "1, 2, ");
}

TEST_CASE("response head: interim responses before the answer are skipped, with their fields") {
  const Read read = readOf(
      "HTTP/1.1 100 Continue\r\n\r\n"
      "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n\r\n"
      "HTTP/1.1 401 Unauthorized\r\nA: b\r\n\r\nbody");
  CHECK(read.reader.state() == State::Complete);
  CHECK(read.reader.head().status == 401);
  CHECK(read.reader.head().field("link") == "");
  CHECK(read.rest == "body");
}

TEST_CASE("response head: a folded line continues the value before it") {
  const Read read = readOf("HTTP/1.1 200 OK\r\n stray\r\nA: one\r\n\t two\r\n \r\n  three\r\nB:\r\n b\r\n\r\n");
  CHECK(read.reader.state() == State::Complete);
  CHECK(read.reader.head().field("a") == "one two three");
  CHECK(read.reader.head().field("b") == "b");
  CHECK(read.reader.head().fields.size() == 2);
}

TEST_CASE("response head: empty lines first, and lines that end with LF alone, are taken") {
  for (const std::string text : {"\r\n\r\nHTTP/1.1 404 Not Found\r\nA: b\r\n\r\n", "\nHTTP/1.1 404 Not Found\nA: b\n\n",
                                 "HTTP/1.1 404 Not Found\nA: b\r\n\n"}) {
    const Read read = readOf(text);
    CHECK(read.reader.state() == State::Complete);
    CHECK(read.reader.head().status == 404);
    CHECK(read.reader.head().field("a") == "b");
    CHECK(read.rest == "");
  }
}

TEST_CASE("response head: a line that is no field is ignored") {
  const Read read = readOf("HTTP/1.1 200 OK\r\nnonsense\r\nA: b\r\n\r\n");
  CHECK(read.reader.state() == State::Complete);
  CHECK(read.reader.head().fields.size() == 1);
}

TEST_CASE("response head: the reason may be missing, and keeps no control character") {
  CHECK(readOf("HTTP/1.0 502\r\n\r\n").reader.head().summary() == "HTTP 502");
  CHECK(readOf("HTTP/1.1  502  Bad\x1b[31m \r\n\r\n").reader.head().summary() == "HTTP 502 Bad\\x1b[31m");
}

TEST_CASE("response head: a status is three digits, or the response is invalid and has none") {
  for (const std::string line :
       {"HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 20", "HTTP/1.1 2000 OK", "HTTP/1.1 20x", "HTTP/1.1 OK", "HTTP/1.1 -01 OK",
        "HTTP/1.1 099 No", "HTTP/2 101 x", "HTTP/2.0 101 x", "HTTP/1. 101 x", "HTTP/11.1 101 x"}) {
    CAPTURE(line);
    const Read read = readOf(line + "\r\nA: b\r\n\r\n");
    CHECK(read.reader.state() == State::Invalid);
    CHECK(read.reader.head().status == 0);
    CHECK(read.reader.offending() == line);
  }
}

TEST_CASE("response head: a NUL makes it invalid") {
  CHECK(readOf(std::string("HTTP/1.1 200 O\0K\r\n\r\n", 20)).reader.state() == State::Invalid);
  CHECK(readOf(std::string("HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", 25)).reader.state() == State::Invalid);
}

TEST_CASE("response head: a peer without HTTP is detected by its first bytes") {
  for (const std::string& text :
       {std::string("S"), std::string("SSH-2.0-OpenSSH_9.2\r\n"), std::string("HTML"),
        std::string("http/1.1 200 OK\r\n"), std::string(" HTTP/1.1 200 OK\r\n"), std::string("\0\0\x12\x04\0", 5),
        std::string("\x15\x03\x01\0\x02\x02\x16", 7), std::string("\r\n\r\nx"), std::string("\r\r\n")}) {
    CAPTURE(text);
    CHECK(readOf(text).reader.state() == State::NotHttp);
  }
  CHECK(readIn("SSH-2.0-OpenSSH_9.2\r\n", 100).reader.offending() == "SSH-2.0-OpenSSH_9.2");
  CHECK(readIn("HTTP/1.1 103 x\r\n\r\nnonsense\r\n", 100).reader.state() == State::NotHttp);
}

TEST_CASE("response head: an incomplete head needs more bytes") {
  for (const std::string text :
       {"", "\r\n", "H", "HTTP/", "HTTP/1.1 1", "HTTP/1.1 101 x\r\n", "HTTP/1.1 101 x\r\nA: b\r\n",
        "HTTP/1.1 101 x\r\nA: b\r\n\r", "HTTP/1.1 103 x\r\n\r\n"}) {
    CAPTURE(text);
    CHECK(readOf(text).reader.state() == State::Reading);
  }
}

TEST_CASE("response head: it may have 64 KiB, interim responses included, and keeps a status beyond that") {
  const std::string line = "HTTP/1.1 403 Forbidden\r\n";
  const auto withFieldOf = [&](std::size_t bytes) { return line + "A: " + std::string(bytes, 'x') + "\r\n\r\n"; };
  const std::size_t most = kMaxHeadBytes - withFieldOf(0).size();
  CHECK(readLong(withFieldOf(most)).reader.state() == State::Complete);
  const Read beyond = readLong(withFieldOf(most + 1));
  CHECK(beyond.reader.state() == State::TooLong);
  CHECK(beyond.reader.head().status == 403);
  std::string interims;
  while (interims.size() <= kMaxHeadBytes) {
    interims += "HTTP/1.1 103 Early Hints\r\n\r\n";
  }
  CHECK(readLong(interims).reader.state() == State::TooLong);
  CHECK(readLong(std::string(kMaxHeadBytes + 1, '\n')).reader.state() == State::TooLong);
  CHECK(readLong("HTTP/" + std::string(kMaxHeadBytes, '1')).reader.state() == State::TooLong);
}

TEST_CASE("response head: nothing is taken once it has ended") {
  Read read = readOf("HTTP/1.1 200 OK\r\n\r\n");
  CHECK(read.reader.feed(asBytes("HTTP/1.1 404 Not Found\r\n\r\n")) == 0);
  CHECK(read.reader.head().status == 200);
}

}  // namespace
}  // namespace tidewire::native
