#include "os/descriptors.hpp"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace tidewire::native {
namespace {

// A table of so many takes 1 MiB. A process that is allowed more from the start gets more; beyond ten million
// libwebsockets would take 2,560 instead.
constexpr rlim_t kTable = 65'536;
constexpr rlim_t kMostTable = 1'000'000;

// Needs no file, and no permission.
int makeDescriptor() {
  return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

}  // namespace

bool descriptorsFree(std::size_t count) {
  std::vector<int> taken;
  while (taken.size() < count) {
    const int descriptor = makeDescriptor();
    if (descriptor < 0) {
      break;
    }
    taken.push_back(descriptor);
  }
  std::ranges::for_each(taken, [](int descriptor) { close(descriptor); });
  return taken.size() == count;
}

std::string noDescriptorLeft() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return "no file descriptor is left; RLIMIT_NOFILE allows " + std::to_string(limit.rlim_cur);
}

std::string descriptorsBeyond(std::size_t table) {
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
