#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tidewire::native {

/// What a host name stands for: numeric addresses, the best first and the families in turn (RFC 8305 section 4).
struct Addresses {
  std::vector<std::string> numeric = {};
  std::string error = {};  ///< For people; empty if `numeric` is not.
};

/// Looks `host` up on a thread of its own, since the system's look-up blocks, and calls `done` there. At most a few
/// look-ups run at once; others wait in turn. A look-up cannot be taken back: `done` has to bear coming late.
void lookUp(std::string host, std::function<void(Addresses)> done);

/// Whether `host` is an IPv4 or IPv6 literal, which needs no look-up.
[[nodiscard]] bool isNumeric(const std::string& host);

}  // namespace tidewire::native
