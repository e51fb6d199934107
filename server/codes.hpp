#pragma once

#include <cstdint>
#include <string_view>

namespace tidewire::server {

// Close codes: docs/protocol.md, section 7; the first two are RFC 6455's.
constexpr std::uint16_t kGoingAway = 1001;
constexpr std::uint16_t kTooBig = 1009;
constexpr std::uint16_t kMalformed = 4000;
constexpr std::uint16_t kNoHello = 4001;
constexpr std::uint16_t kRefused = 4002;
constexpr std::uint16_t kUnsupportedVersion = 4003;
constexpr std::uint16_t kTakenOver = 4004;
constexpr std::uint16_t kTooSlow = 4005;
constexpr std::uint16_t kSilent = 4006;

/// The error where a log fails and nothing was done, section 4.9.
constexpr std::string_view kUnavailable = "unavailable";

}  // namespace tidewire::server
