#include "os/descriptors.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace tidewire::native {
namespace {

// A table of so many takes 1 MiB. A process that is allowed more from the start gets more; beyond ten million
// libwebsockets would take 2,560 instead.
constexpr rlim_t kTable = 65'536;
constexpr rlim_t kMostTable = 1'000'000;

int openSomething() {
  return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

}  // namespace

bool descriptorsFree(std::size_t count) {
  std::vector<int> taken;
  while (taken.size() < count) {
    const int descriptor = openSomething();
    if (descriptor < 0) {
      break;
    }
    taken.push_back(descriptor);
  }
  std::ranges::for_each(taken, [](int descriptor) { close(descriptor); });
  return taken.size() == count;
}

std::string descriptorFault(std::size_t table) {
  const int descriptor = openSomething();
  if (descriptor < 0) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    return "no file descriptor is left; RLIMIT_NOFILE allows " + std::to_string(limit.rlim_cur);
  }
  close(descriptor);
  if (static_cast<std::size_t>(descriptor) < table) {
    return {};
  }
  return "libwebsockets has a table for " + std::to_string(table) +
         " descriptors; raise RLIMIT_NOFILE before the first client is made";
}

DescriptorLimitFits::DescriptorLimitFits() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t fits = std::min({std::max(limit.rlim_cur, kTable), kMostTable, limit.rlim_max});
  table_ = limit.rlim_cur;
  before_ = limit.rlim_cur;
  limit.rlim_cur = fits;
  if (fits != before_ && setrlimit(RLIMIT_NOFILE, &limit) == 0) {
    table_ = fits;
  }
}

DescriptorLimitFits::~DescriptorLimitFits() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (table_ != before_ && limit.rlim_cur == table_) {
    limit.rlim_cur = before_;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

}  // namespace tidewire::native
