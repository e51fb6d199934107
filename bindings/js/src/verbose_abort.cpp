// libc++ from LLVM 15 on reports a broken precondition through this function, whose default drags in printf. CMake adds
// this file where there is one to replace.

#include <__verbose_abort>
#include <cstdlib>

// noexcept exactly where the declaration is, which changed with LLVM 19.
[[noreturn]] void std::__libcpp_verbose_abort(const char*, ...) noexcept(noexcept(std::__libcpp_verbose_abort(""))) {
  std::abort();
}
