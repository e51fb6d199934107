#pragma once

#include <string_view>

/// What is wrong with an option, for people; behind the option's name and a colon. The generator of bindings reads
/// these too, so that a page and a C++ program read the same text: each is one literal.
namespace tidewire::core::fault_texts {

inline constexpr std::string_view kNegativeTime = "a negative time";
inline constexpr std::string_view kTwoNumbers = "it has {n} more than once";
inline constexpr std::string_view kNoNumber = "it needs {n} once, as heartbeat.message has it";
inline constexpr std::string_view kNumberAlone = "it has {n}, and heartbeat.message has not";
inline constexpr std::string_view kNoCloseCode = "an entry is no close code from 1000 to 4999";
inline constexpr std::string_view kBadSubprotocol = "an entry is not a token, or stands there twice";

inline constexpr std::string_view kNotWebSocket = "its scheme is neither ws nor wss";
inline constexpr std::string_view kBadCharacter = "it holds a character that RFC 3986 does not allow there";
inline constexpr std::string_view kBadHost = "its host is neither a name nor an IP address";
inline constexpr std::string_view kBadPort = "its port is not a number from 1 to 65535";
inline constexpr std::string_view kFragment = "a fragment is not allowed (RFC 6455 section 3)";
inline constexpr std::string_view kUserInfo = "a page cannot send user name and password";

}  // namespace tidewire::core::fault_texts
