#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "unit/source_tree.hpp"

namespace tidewire::tree {
namespace {

/// A header of the C++ library, which has no extension; <csignal> and <cstdio> are the system's in disguise.
bool isStandard(std::string_view header) {
  return header.find('.') == std::string_view::npos && header != "csignal" && header != "cstdio";
}

/// What the RFC 6455 code may include: its own folder, the core, the public headers, and SHA-1 and base64 of OpenSSL.
bool isPureRfc6455(const Include& include) {
  const std::string_view name = include.name;
  if (include.isSystem) {
    return isStandard(name) || name == "openssl/evp.h";
  }
  return name.starts_with("rfc6455/") || name.starts_with("core/") || name.starts_with("tidewire/");
}

/// What native code outside os/ may include of what is not ours: portable libraries.
bool isPortable(const Include& include) {
  constexpr std::array<std::string_view, 3> kLibraries = {"ev.h", "libwebsockets.h", "nlohmann/json.hpp"};
  const std::string_view name = include.name;
  return !include.isSystem || isStandard(name) || name.starts_with("openssl/") ||
         std::ranges::find(kLibraries, name) != kLibraries.end();
}

/// What a file in os/ may include of ours: its neighbours.
bool isOsNeighbour(const Include& include) {
  return include.isSystem || include.name.starts_with("os/");
}

template <class Rule>
void checkFiles(std::string_view folder, std::string_view exceptFolder, std::size_t atLeast, Rule rule) {
  std::size_t files = 0;
  for (const std::string& file : filesIn(std::string(folder))) {
    if (!exceptFolder.empty() && file.starts_with(exceptFolder)) {
      continue;
    }
    ++files;
    for (const Include& include : includesOf(std::filesystem::path(TIDEWIRE_SOURCE_DIR) / file)) {
      CHECK_MESSAGE(rule(include), file << ":" << include.line << " includes " << include.name);
    }
  }
  CHECK(files >= atLeast);
}

}  // namespace

TEST_CASE("platform purity: the RFC 6455 code includes no event loop, no libwebsockets and nothing of the system") {
  checkFiles("platform/native/rfc6455", "", 10, isPureRfc6455);
}

TEST_CASE("platform purity: native code includes headers of the operating system only in os/") {
  checkFiles("platform/native", "platform/native/os/", 20, isPortable);
}

TEST_CASE("platform purity: files that call the operating system include no connection code") {
  checkFiles("platform/native/os", "", 10, isOsNeighbour);
}

TEST_CASE("platform purity: the search finds every violation, and nothing else") {
  for (const char* line : {"#include <ev.h>", "#include <libwebsockets.h>", "  # include <sys/socket.h>",
                           "#include <unistd.h>", "#include <csignal>", "#include \"lws.hpp\"", "#include \"wire.hpp\"",
                           "#include \"os/randomness.hpp\"", "#include <openssl/ssl.h>"}) {
    CAPTURE(line);
    CHECK_FALSE(isPureRfc6455(includeOf(line).value()));
  }
  for (const char* line : {"#include <netdb.h>", "#include <pthread.h>", "#include <csignal>", "#include <fcntl.h>"}) {
    CAPTURE(line);
    CHECK_FALSE(isPortable(includeOf(line).value()));
  }
  for (const char* line : {"#include <span>", "#include \"core/url.hpp\"", "#include \"rfc6455/codec.hpp\"",
                           "#include <openssl/evp.h>", "#include \"tidewire/message.hpp\""}) {
    CAPTURE(line);
    CHECK(isPureRfc6455(includeOf(line).value()));
    CHECK(isPortable(includeOf(line).value()));
  }
  CHECK_FALSE(isOsNeighbour(includeOf("#include \"native_loop.hpp\"").value()));
  CHECK(isOsNeighbour(includeOf("#include \"os/thread.hpp\"").value()));
  for (const char* line : {"", "#pragma once", "// #include <ev.h>", "int include;", "#ifdef __linux__"}) {
    CAPTURE(line);
    CHECK_FALSE(includeOf(line).has_value());
  }
}

}  // namespace tidewire::tree
