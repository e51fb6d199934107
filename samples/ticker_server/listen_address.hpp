#pragma once

#include <cstdint>
#include <string>

namespace ticker {

struct ListenAddress {
  std::string numeric;
  bool ipv6 = false;
};

/// Resolves `host`, and tries whether its port can be listened on.
///
/// Throws: std::runtime_error that names the option at fault and the system's reason, which libwebsockets does not
/// tell.
ListenAddress listenAddress(const std::string& host, std::uint16_t port);

/// Lets this process have as many clients as its hard limit allows. libwebsockets sizes its table once, from the soft
/// limit.
void raiseDescriptorLimit();

}  // namespace ticker
