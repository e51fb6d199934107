#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace {

namespace fs = std::filesystem;

// What the core may not have: clocks, randomness, threads, locks, platforms, and the outside world. Each counts where a
// word begins.
constexpr std::array<std::string_view, 39> kForbidden = {
    "now(",           "steady_clock",   "system_clock",  "high_resolution_clock",
    "clock_gettime",  "gettimeofday",   "random_device", "<random>",
    "rand(",          "srand(",         "thread_local",  "<thread>",
    "<mutex>",        "<shared_mutex>", "<atomic>",      "<condition_variable>",
    "<future>",       "<latch>",        "<semaphore>",   "<stop_token>",
    "__EMSCRIPTEN__", "<emscripten",    "<sys/",         "<netinet/",
    "<arpa/",         "<netdb.h>",      "<unistd.h>",    "<poll.h>",
    "<libwebsockets", "<ev.h>",         "socket(",       "<iostream>",
    "<fstream>",      "<cstdio>",       "<cstdlib>",     "<csignal>",
    "<filesystem>",   "getenv(",        "<ctime>",
};

bool isWordCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool holds(std::string_view line, std::string_view word) {
  for (std::size_t at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
    if (at == 0 || !isWordCharacter(line[at - 1]) || !isWordCharacter(word.front())) {
      return true;
    }
  }
  return false;
}

// A directive other than #include and #pragma: what is compiled must not depend on anything.
bool isCondition(std::string_view line) {
  const std::size_t hash = line.find_first_not_of(" \t");
  if (hash == std::string_view::npos || line[hash] != '#') {
    return false;
  }
  line.remove_prefix(hash + 1);
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  return !line.starts_with("include") && !line.starts_with("pragma");
}

bool isPure(std::string_view line) {
  return !isCondition(line) &&
         std::ranges::none_of(kForbidden, [line](std::string_view word) { return holds(line, word); });
}

void checkFolder(const char* folder) {
  std::size_t files = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(fs::path(TIDEWIRE_SOURCE_DIR) / folder)) {
    const std::string extension = entry.path().extension().string();
    if (!entry.is_regular_file() || (extension != ".hpp" && extension != ".cpp")) {
      continue;
    }
    ++files;
    std::ifstream file(entry.path());
    int number = 0;
    for (std::string line; std::getline(file, line);) {
      ++number;
      CHECK_MESSAGE(isPure(line), entry.path().filename().string() << ":" << number << ": " << line);
    }
  }
  CHECK(files > 10);
}

}  // namespace

TEST_CASE("core purity: no file of the core reads a clock, draws randomness, locks, or knows its platform") {
  checkFolder("sdk/src/core");
}

TEST_CASE("core purity: the same holds for the server half") {
  checkFolder("server");
}

TEST_CASE("core purity: the search finds every violation, and nothing else") {
  for (const char* line :
       {"  const Time t = loop_.now();", "auto t = std::chrono::steady_clock::time_point();", "#include <thread>",
        "#include <mutex>", "#include <atomic>", "std::random_device device;", "  return rand() % 6;", "srand(1);",
        "#ifdef __EMSCRIPTEN__", "#if 0", "  #ifndef NDEBUG", "# else", "#define X", "#include <sys/socket.h>",
        "  int fd = socket(AF_INET, SOCK_STREAM, 0);", "#include <cstdio>", "clock_gettime(CLOCK_MONOTONIC, &t);"}) {
    CAPTURE(line);
    CHECK_FALSE(isPure(line));
  }
  for (const char* line :
       {"", "#pragma once", "#include \"core/time.hpp\"", "void tick(Time now);", "  askedAt_ = now;", "isKnown(now);",
        "  if (now >= stateEndsAt_) {", "isnow(1);", "operand(2);", "random.upTo(ceiling_)", "// or else"}) {
    CAPTURE(line);
    CHECK(isPure(line));
  }
}
