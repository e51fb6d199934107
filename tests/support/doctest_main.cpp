#ifdef __EMSCRIPTEN__

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdlib>

// Not by `return`: what a main() returns that has once been suspended by asyncify, nobody is told.
int main(int argc, char** argv) {
  std::exit(doctest::Context(argc, argv).run());
}

#else

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#endif
