// libc++ from LLVM 15 on reports a broken precondition through this function, whose default drags in printf. CMake adds
// this file where there is one to replace.

#include <__verbose_abort>
#include <cstdlib>

// Before LLVM 19 the declaration was not noexcept, and there was no macro for it.
#ifndef _LIBCPP_VERBOSE_ABORT_NOEXCEPT
#define _LIBCPP_VERBOSE_ABORT_NOEXCEPT
#endif

_LIBCPP_BEGIN_NAMESPACE_STD

[[noreturn]] void __libcpp_verbose_abort(const char*, ...) _LIBCPP_VERBOSE_ABORT_NOEXCEPT {
  std::abort();
}

_LIBCPP_END_NAMESPACE_STD
