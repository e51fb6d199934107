#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tidewire::native {

/// Result of the system's look-up of a host name.
struct Resolved {
  struct Address {
    std::string numeric;
    bool isIpv6;
  };
  std::vector<Address> addresses = {};  ///< The best first (RFC 6724).
  std::string error = {};               ///< For people; empty if `addresses` is not.
};

/// Looks `host` up; blocks. Any thread.
[[nodiscard]] Resolved resolve(const std::string& host);

/// Whether `host` is an IPv4 or IPv6 address in its usual form.
[[nodiscard]] bool isNumericAddress(const std::string& host);

/// The IPv4 address in its usual form, if `host` is one in any form that look-ups take: "127.1", "0x7f.0.0.1".
[[nodiscard]] std::optional<std::string> ipv4AddressOf(const std::string& host);

}  // namespace tidewire::native
