#pragma once

#include <array>
#include <string_view>

namespace contract {

struct Skip {
  std::string_view transport;
  std::string_view test;
  std::string_view reason;
};

/// Every difference between the transports that the contract suite knows. Each is a row of docs/platforms.md.
inline constexpr std::array kSkips = {
    Skip{"browser", "heartbeat: a WebSocket Ping brings a round trip", "a page has no Ping frame"},
    Skip{"native", "heartbeat: without anything to ask with it is unsupported", "native sends WebSocket Pings"},
    Skip{"scripted", "heartbeat: without anything to ask with it is unsupported", "plays a transport that sends Pings"},
};

}  // namespace contract
