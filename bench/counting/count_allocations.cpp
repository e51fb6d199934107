// Counts the allocations of a program that is started with LD_PRELOAD=libcount_allocations.so, and writes
// "allocations N" to the standard error at its end. It rests on the names that glibc has for its own functions.

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

std::atomic<unsigned long> allocations{0};

void count() {
  allocations.fetch_add(1, std::memory_order_relaxed);
}

__attribute__((destructor)) void report() {
  char line[64];
  const int size = std::snprintf(line, sizeof line, "allocations %lu\n", allocations.load());
  [[maybe_unused]] const ssize_t wrote = write(STDERR_FILENO, line, static_cast<std::size_t>(size));
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
  count();
  return __libc_malloc(size);
}

void* calloc(std::size_t number, std::size_t size) {
  count();
  return __libc_calloc(number, size);
}

void* realloc(void* memory, std::size_t size) {
  count();
  return __libc_realloc(memory, size);
}

void* memalign(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return memalign(alignment, size);
}

int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  *memory = memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}
}
