// What Tidewire does to a process, and what it does where the process lacks something: each in a process of its own
// (`situations.cpp`).
#include <doctest/doctest.h>

#include <string>

#include "support/child_process.hpp"

namespace {

/// What the program says is wrong; empty if it ended well.
std::string wrongIn(const std::string& situation) {
  support::ChildProcess program({TIDEWIRE_SITUATIONS, situation});
  std::string wrong;
  for (std::string line = program.readLine(); !line.empty(); line = program.readLine()) {
    wrong += line + "\n";
  }
  const int code = program.wait();
  return code == 0 ? wrong : wrong + "ended with " + std::to_string(code);
}

}  // namespace

TEST_CASE("signals: a fault in a callback reaches the application's handler") {
  CHECK(wrongIn("fault-in-callback") == "");
}

TEST_CASE("signals: the callback thread blocks all signals except those raised by an instruction") {
  CHECK(wrongIn("mask-of-callbacks") == "");
}

TEST_CASE("process: without descriptors attempts are retried, and open once there are some") {
  CHECK(wrongIn("no-descriptors") == "");
  CHECK(wrongIn("no-descriptors-for-names") == "");
}

TEST_CASE("process: the end of an attempt beyond the limit of descriptors names it") {
  CHECK(wrongIn("descriptor-limit") == "");
}

TEST_CASE("process: without threads nothing begins or attempts are retried, and both work once there are some") {
  CHECK(wrongIn("no-thread") == "");
  CHECK(wrongIn("no-thread-for-names") == "");
}

TEST_CASE("process: without randomness nothing is sent, and clients open once there is some") {
  CHECK(wrongIn("no-random-numbers") == "");
}

TEST_CASE("process: a generator of OpenSSL's that fails concerns no ws: connection") {
  CHECK(wrongIn("no-random-numbers-of-openssl") == "");
}

TEST_CASE("process: every call after main answers and does no harm") {
  CHECK(wrongIn("calls-after-main") == "");
}

TEST_CASE("process: exit() in a callback ends the program") {
  CHECK(wrongIn("exit-in-callback") == "");
}

TEST_CASE("process: libwebsockets' log stays the application's") {
  CHECK(wrongIn("foreign-log") == "");
}

TEST_CASE("process: whatever it has stays as it is, and a child inherits no descriptor") {
  CHECK(wrongIn("footprint") == "");
}
