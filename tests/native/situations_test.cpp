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

TEST_CASE("signals: the thread of the callbacks leaves open what an instruction raises, and nothing else") {
  CHECK(wrongIn("mask-of-callbacks") == "");
}
