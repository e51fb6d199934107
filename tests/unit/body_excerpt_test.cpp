#include "rfc6455/body_excerpt.hpp"

#include <doctest/doctest.h>

#include <string>

#include "core/bytes.hpp"

namespace tidewire::native {
namespace {

ResponseHead headOf(const std::string& fields, const std::string& status = "503 Busy") {
  ResponseHeadReader reader;
  (void)reader.feed(core::asBytes("HTTP/1.1 " + status + "\r\n" + fields + "\r\n"));
  REQUIRE(reader.state() == ResponseHeadReader::State::Complete);
  return reader.head();
}

struct Excerpt {
  std::string text;
  bool complete;
};

Excerpt excerptOf(const std::string& fields, const std::string& body, const std::string& status = "503 Busy") {
  BodyExcerpt whole(headOf(fields, status));
  whole.feed(core::asBytes(body));
  BodyExcerpt pieces(headOf(fields, status));
  for (const char each : body) {
    pieces.feed(core::asBytes(std::string_view(&each, 1)));
  }
  CHECK(pieces.text() == whole.text());
  CHECK(pieces.complete() == whole.complete());
  return {whole.text(), whole.complete()};
}

TEST_CASE("body excerpt: ends with the length that the head gives, or with the last chunk") {
  const Excerpt measured = excerptOf("Content-Length: 4\r\n", "busyHTTP/1.1 200 OK");
  CHECK(measured.text == "busy");
  CHECK(measured.complete);
  CHECK_FALSE(excerptOf("Content-Length: 5\r\n", "busy").complete);
  const Excerpt chunked = excerptOf("Transfer-Encoding: chunked\r\n", "2\r\nbu\r\n2;a=b\r\nsy\r\n0\r\n\r\nmore");
  CHECK(chunked.text == "busy");
  CHECK(chunked.complete);
  CHECK_FALSE(excerptOf("Transfer-Encoding: chunked\r\n", "2\r\nbu\r\n").complete);
  CHECK(excerptOf("Transfer-Encoding: Chunked\r\n", "2\r\nno\r\n0\r\n\r\n").text == "no");
  CHECK_FALSE(excerptOf("", "busy").complete);
  CHECK(excerptOf("", "busy").text == "busy");
}

TEST_CASE("body excerpt: a broken chunk ends it") {
  CHECK(excerptOf("Transfer-Encoding: chunked\r\n", "zz\r\nbusy").complete);
  CHECK(excerptOf("Transfer-Encoding: chunked\r\n", "ffffffffffff\r\nbusy").text.empty());
  CHECK(excerptOf("Transfer-Encoding: chunked\r\n", std::string(5000, '1')).complete);
}

TEST_CASE("body excerpt: of HTML only the words") {
  const std::string html = "Content-Type: text/html; charset=utf-8\r\n";
  CHECK(excerptOf(html,
                  "<html>\r\n<head><title>502 Bad Gateway</title><style>p { color: red }</style></head>\r\n"
                  "<body><h1>Try\tlater</h1><script>x < 1</script></body></html>")
            .text == "502 Bad Gateway Try later");
  CHECK(excerptOf("Content-Type: Text/HTML\r\n", "<!-- a > b --><STYLE>p{}</Style>hello").text == "hello");
  CHECK(excerptOf(html, "<p>cut off <b").text == "cut off");
  CHECK(excerptOf(html, "words <style>p {").text == "words");
  CHECK(excerptOf("Content-Type: text/plain\r\n", "1 < 2").text == "1 < 2");
}

TEST_CASE("body excerpt: one line of at most 200 bytes") {
  CHECK(excerptOf("", " a\r\n\r\n b\x1b[31m\n").text == "a b\\x1b[31m");
  CHECK(excerptOf("", std::string(100'000, 'x')).text == std::string(200, 'x'));
  CHECK(excerptOf("", std::string(100'000, 'x')).complete);
}

TEST_CASE("body excerpt: a non-text body is not read") {
  CHECK(excerptOf("Content-Type: image/png\r\n", "PNG").complete);
  CHECK(excerptOf("Content-Type: text/html\r\nContent-Encoding: gzip\r\n", "\x1f\x8b").text.empty());
  CHECK(excerptOf("Content-Type: application/problem+json\r\n", R"({"title":"no"})").text == R"({"title":"no"})");
  CHECK(excerptOf("Transfer-Encoding: gzip, chunked\r\n", "2\r\nno\r\n").text.empty());
  CHECK(excerptOf("Content-Length: 0\r\n", "x").complete);
  CHECK(excerptOf("", "x", "304 Not Modified").complete);
}

}  // namespace
}  // namespace tidewire::native
