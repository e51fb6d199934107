// A program that loads the plug-in and runs it.

#include <dlfcn.h>

#include <cstdio>

int main() {
  void* const plugin = dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL);
  if (plugin == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 3;
  }
  using Run = int();
  auto* const run = reinterpret_cast<Run*>(dlsym(plugin, "runPlugin"));
  return run == nullptr ? 4 : run();
}
