#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "tls.hpp"

namespace tidewire::native {
namespace {

TlsName nameFor(std::string_view url) {
  const core::UrlParse parse = core::parseUrl(url);
  REQUIRE(parse.error == core::UrlError::None);
  return tlsNameOf(parse.url);
}

TEST_CASE("tls name: a host is a name, without its final dot") {
  for (const std::string host : {"example.org", "example.org.", "localhost", "1.example", "127.0.0.1.example"}) {
    CAPTURE(host);
    const TlsName name = nameFor("wss://" + host + ":8443/");
    CHECK(name.text == (host.ends_with('.') ? host.substr(0, host.size() - 1) : host));
    CHECK_FALSE(name.isAddress);
  }
}

TEST_CASE("tls name: an address is none, however it is written") {
  for (const std::string host : {"127.0.0.1", "127.0.0.1.", "127.1", "0x7f.0.0.1", "2130706433"}) {
    CAPTURE(host);
    const TlsName name = nameFor("wss://" + host + "/");
    CHECK(name.text == "127.0.0.1");
    CHECK(name.isAddress);
  }
  const TlsName six = nameFor("wss://[2001:db8::1]/");
  CHECK(six.text == "2001:db8::1");
  CHECK(six.isAddress);
}

}  // namespace
}  // namespace tidewire::native
