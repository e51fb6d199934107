#include "core/url.hpp"

#include <doctest/doctest.h>

#include <cctype>
#include <vector>

#include "core/subprotocol.hpp"

namespace tidewire::core {
namespace {

UrlError errorOf(std::string_view text) {
  return parseUrl(text).error;
}

Url parsed(std::string_view text) {
  const UrlParse parse = parseUrl(text);
  REQUIRE_MESSAGE(parse.error == UrlError::None, text);
  return parse.url;
}

TEST_CASE("url: every part is found") {
  const Url url = parsed("wss://user:secret@example.org:8443/a/b;c?d=e&f=/?");
  CHECK(url.secure);
  CHECK(url.hasUserInfo);
  CHECK(url.userInfo == "user:secret");
  CHECK(url.host == "example.org");
  CHECK(!url.hostIsIpv6);
  CHECK(url.port == 8443);
  CHECK(!url.portIsDefault);
  CHECK(url.target == "/a/b;c?d=e&f=/?");
  CHECK(url.hostHeader == "example.org:8443");
}

TEST_CASE("url: the shortest one gets a path and the scheme's port") {
  const Url plain = parsed("ws://h");
  CHECK(!plain.secure);
  CHECK(plain.port == 80);
  CHECK(plain.portIsDefault);
  CHECK(plain.target == "/");
  CHECK(plain.hostHeader == "h");
  CHECK(!plain.hasUserInfo);
  CHECK(parsed("wss://h").port == 443);
}

TEST_CASE("url: the scheme may be written in capitals") {
  CHECK(!parsed("WS://h/").secure);
  CHECK(parsed("wSs://h/").secure);
}

TEST_CASE("url: another scheme, or none, is not a WebSocket URL") {
  for (const auto* text : {"", "http://h/", "https://h/", "wsss://h/", "w://h", "/path", "//h/", "ws", "wss", "h:80",
                           "://h", " ws://h", "blob:ws://h", "ws ://h"}) {
    CAPTURE(text);
    CHECK(errorOf(text) == UrlError::NotWebSocket);
  }
}

TEST_CASE("url: nothing is normalised") {
  const Url url = parsed("ws://Example.ORG/A/../b/./%7e?%E2%82%AC=%2f");
  CHECK(url.host == "Example.ORG");
  CHECK(url.target == "/A/../b/./%7e?%E2%82%AC=%2f");
  CHECK(parsed("ws://[2001:DB8::A]/").hostHeader == "[2001:DB8::A]");
}

TEST_CASE("url: a query may follow the host at once") {
  CHECK(parsed("ws://h?q=1").target == "/?q=1");
  CHECK(parsed("ws://h:81?").target == "/?");
  CHECK(parsed("ws://h/?").target == "/?");
}

TEST_CASE("url: the Host header names the port unless it is the scheme's") {
  CHECK(parsed("ws://h:80/").hostHeader == "h");
  CHECK(parsed("ws://h:443/").hostHeader == "h:443");
  CHECK(parsed("wss://h:443/").hostHeader == "h");
  CHECK(parsed("wss://h:80/").hostHeader == "h:80");
  CHECK(parsed("wss://[::1]:8443/").hostHeader == "[::1]:8443");
  CHECK(parsed("ws://h:/").hostHeader == "h");
  CHECK(parsed("ws://h:00080/").portIsDefault);
}

TEST_CASE("url: ports from 1 to 65535 are accepted, others are not") {
  CHECK(parsed("ws://h:1").port == 1);
  CHECK(parsed("ws://h:65535").port == 65535);
  for (const auto* port :
       {"0", "00", "65536", "99999", "4294967376", "18446744073709551696", "-1", "+1", "8a", "80:80"}) {
    CAPTURE(port);
    CHECK(errorOf("ws://h:" + std::string(port) + "/") == UrlError::BadPort);
  }
  CHECK(errorOf("ws://[::1]:x/") == UrlError::BadPort);
}

TEST_CASE("url: names and IPv4 addresses are taken as they are") {
  for (const auto* host :
       {"localhost", "a", "a.b.c", "xn--bcher-kva.example", "my_host", "127.0.0.1", "1.2.3", "a.", "a~b"}) {
    CAPTURE(host);
    CHECK(parsed("ws://" + std::string(host) + ":81/x").host == host);
  }
}

TEST_CASE("url: no host is an error") {
  for (const auto* text :
       {"ws:", "ws:/", "ws://", "ws:///", "ws://:80/", "ws://?q", "ws://u@/", "ws://u:p@:80", "ws:h", "ws:/h/"}) {
    CAPTURE(text);
    CHECK(errorOf(text) == UrlError::BadHost);
  }
}

TEST_CASE("url: a percent-encoded host is refused, for a browser would decode it") {
  CHECK(errorOf("ws://ex%61mple.org/") == UrlError::BadHost);
}

TEST_CASE("url: IPv6 addresses are accepted in every form") {
  for (const auto* host :
       {"::", "::1", "1::", "1:2:3:4:5:6:7:8", "2001:db8::8a2e:370:7334", "FE80::1", "::ffff:192.0.2.1", "::192.0.2.1",
        "1:2:3:4:5:6:192.0.2.1", "1::255.255.255.255", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3:4::5:0.0.0.0"}) {
    CAPTURE(host);
    const Url url = parsed("wss://[" + std::string(host) + "]/x");
    CHECK(url.hostIsIpv6);
    CHECK(url.host == host);
    CHECK(url.target == "/x");
  }
}

TEST_CASE("url: malformed IP literals are refused") {
  for (const auto* host : {"[",
                           "[]",
                           "[:]",
                           "[:::]",
                           "[1]",
                           "[1:2:3:4:5:6:7]",
                           "[1:2:3:4:5:6:7:8:9]",
                           "[1:2:3:4:5:6:7:8::]",
                           "[::1::]",
                           "[12345::]",
                           "[g::]",
                           "[1:]",
                           "[:1]",
                           "[1::2:]",
                           "[::1.2.3]",
                           "[::1.2.3.256]",
                           "[::01.2.3.4]",
                           "[::1.2.3.4.5]",
                           "[1.2.3.4]",
                           "[1.2.3.4::]",
                           "[::1.2.3.4:5]",
                           "[1:2:3:4:5:6:7:1.2.3.4]",
                           "[v1.x]",
                           "[fe80::1%25eth0]",
                           "[::1",
                           "::1]",
                           "[::1]x",
                           "x[::1]",
                           "[[::1]]",
                           "::1"}) {
    CAPTURE(host);
    const UrlError error = errorOf("ws://" + std::string(host) + "/");
    const bool isRefused = error == UrlError::BadHost || error == UrlError::BadPort;
    CHECK(isRefused);
  }
}

TEST_CASE("url: user info may be empty, without a password, or encoded") {
  CHECK(parsed("ws://u@h/").userInfo == "u");
  CHECK(parsed("ws://u%40:p%3A@h/").userInfo == "u%40:p%3A");
  const Url empty = parsed("ws://@h/");
  CHECK(empty.hasUserInfo);
  CHECK(empty.userInfo == "");
  CHECK(parsed("ws://h/a@b").hasUserInfo == false);
}

TEST_CASE("url: a second at sign before the host is refused, for parsers disagree about it") {
  CHECK(errorOf("ws://a@b@c/") == UrlError::BadCharacter);
}

TEST_CASE("url: a fragment is an error, an empty one also") {
  CHECK(errorOf("ws://h/#a") == UrlError::Fragment);
  CHECK(errorOf("ws://h#") == UrlError::Fragment);
  CHECK(errorOf("ws://h/?q#") == UrlError::Fragment);
}

TEST_CASE("url: exactly the characters of RFC 3986 are accepted, in path and query") {
  const std::string allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@/";
  for (int byte = 0; byte <= 0xFF; ++byte) {
    const char c = static_cast<char>(byte);
    if (c == '#' || c == '?') {
      continue;
    }
    const bool isAllowed = allowed.find(c) != std::string::npos;
    CAPTURE(byte);
    CHECK((errorOf(std::string("ws://h/a") + c + "b") == UrlError::None) == isAllowed);
    CHECK((errorOf(std::string("ws://h/?a") + c + "b") == UrlError::None) == isAllowed);
  }
  CHECK(parsed("ws://h/?a?b").target == "/?a?b");
}

TEST_CASE("url: no byte but those of a name is accepted in a host") {
  const std::string allowed = "-._~!$&'()*+,;=";
  for (int byte = 0; byte <= 0xFF; ++byte) {
    const char c = static_cast<char>(byte);
    const bool isAlphanumeric = byte < 0x80 && std::isalnum(byte) != 0;
    const bool endsTheHost = std::string(":/?@").find(c) != std::string::npos && c != '\0';
    if (!isAlphanumeric && !endsTheHost) {
      CAPTURE(byte);
      CHECK((errorOf(std::string("ws://a") + c + "b/") == UrlError::None) == (allowed.find(c) != std::string::npos));
    }
  }
}

TEST_CASE("url: characters that could break the request line are rejected") {
  for (const auto* text :
       {"ws://h/ a", "ws://h/\r\nX: y", "ws://h/\t", "ws://h\\a", "ws://h/\x7F",
        "ws://b\xC3\xBC"
        "cher/",
        "ws://h/\xE2\x82\xAC", "ws://h/[1]", "ws://h/?a[]=1", "ws://u[@h/", "ws://h /", "ws://h/<>"}) {
    CAPTURE(text);
    CHECK(errorOf(text) == UrlError::BadCharacter);
  }
  CHECK(errorOf(std::string_view("ws://h/\0", 8)) == UrlError::BadCharacter);
}

TEST_CASE("url: a percent sign needs two hexadecimal digits") {
  for (const auto* text :
       {"ws://h/%", "ws://h/%4", "ws://h/%zz", "ws://h/%4g", "ws://h/?%", "ws://u%@h/", "ws://u%4@h/"}) {
    CAPTURE(text);
    CHECK(errorOf(text) == UrlError::BadCharacter);
  }
  CHECK(parsed("ws://h/%00%fF%Aa").target == "/%00%fF%Aa");
}

TEST_CASE("url: eight kibibytes and more are taken") {
  const std::string target = "/" + std::string(8 * 1024, 'a') + "?" + std::string(8 * 1024, 'b');
  const bool isWhole = parsed("wss://example.org" + target).target == target;
  CHECK(isWhole);
}

TEST_CASE("subprotocols: tokens are accepted, other names are not") {
  CHECK(areValidSubprotocols({}));
  CHECK(areValidSubprotocols(std::vector<std::string>{"tidewire.v1", "chat", "a!#$%&'*+-.^_`|~b", "0"}));
  for (const std::string name :
       {"", "a b", "a,b", "a;b", "a/b", "\"a\"", "a@b", "a\tb", "\xC3\xA9", "a=b", "{a}", "a\x7F", "a\r\n"}) {
    CAPTURE(name);
    CHECK(!areValidSubprotocols(std::vector<std::string>{name}));
    CHECK(!areValidSubprotocols(std::vector<std::string>{"good", name}));
  }
}

TEST_CASE("subprotocols: a name may stand there once; case makes another name") {
  CHECK(!areValidSubprotocols(std::vector<std::string>{"a", "b", "a"}));
  CHECK(areValidSubprotocols(std::vector<std::string>{"a", "A"}));
}

}  // namespace
}  // namespace tidewire::core
