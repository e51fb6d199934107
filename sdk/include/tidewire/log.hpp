#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tidewire/callback.hpp"

namespace tidewire {

/// How much something in the log matters.
enum class LogLevel : std::uint8_t {
  Error,    ///< The client has given up, or cannot work here.
  Warning,  ///< Something is wrong and may need the developer: a slow callback, a client that nobody polls.
  Info,     ///< Attempts, openings and endings.
  Debug,    ///< Every question, answer and hint.
};

/// The level's name as in the enumeration.
[[nodiscard]] std::string_view nameOf(LogLevel level) noexcept;

/// One line of the log. The views are valid during the call.
struct LogRecord {
  LogLevel level = LogLevel::Info;
  std::string_view client = {};  ///< `Options::name`.
  /// One sentence, for people. Not stable, do not parse it. It may hold text from outside, and is one line all the
  /// same: line breaks, control characters, marks of direction and what is not UTF-8 are escaped, in `client` too.
  std::string_view text = {};
};

/// Where the log goes. Silent unless a sink is given.
struct LogOptions {
  /// What matters less is left out.
  LogLevel level = LogLevel::Warning;
  /// Called on the thread of the loop that serves the client, inside no call of the application's; not after the
  /// client's destructor. Calls for clients of different loops may come at the same time. It may call anything, and may
  /// destroy the client.
  /// Platforms: Native: on the thread of the loop. Web: from the event loop.
  Callback<const LogRecord&> sink = {};
};

/// The last things that happened to a client, kept for a bug report; see `Client::flightRecord`.
struct FlightRecorderOptions {
  /// How many are kept; 0 records nothing. Messages of one direction that follow each other count as one.
  std::size_t entries = 64;
  /// Records each message on its own, with so many bytes of its payload. 0 records none: a bug report holds no secrets
  /// unless it is asked to.
  std::size_t payloadBytes = 0;
};

}  // namespace tidewire
