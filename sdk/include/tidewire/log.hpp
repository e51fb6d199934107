#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tidewire/callback.hpp"

namespace tidewire {

/// Severity of a log record, from the most to the least severe.
enum class LogLevel : std::uint8_t {
  /// The client has given up, or cannot work here.
  Error,
  /// A fault that may need the developer, such as a slow callback or a client that is never polled.
  Warning,
  /// Attempts, openings and endings.
  Info,
  /// Heartbeats, their answers, and network and sleep notifications.
  Debug,
};

/// Returns: the enumerator's name, such as "Warning".
[[nodiscard]] std::string_view nameOf(LogLevel level) noexcept;

/// One line of the log. The views are valid during the call of `LogOptions::sink`.
struct LogRecord {
  /// Severity.
  LogLevel level = LogLevel::Info;
  /// `Options::name`, or the URL without its query if the name is empty.
  std::string_view client = {};
  /// One sentence for people. The wording is not stable; do not parse it.
  ///
  /// It may quote the server, but is always one line of UTF-8: line breaks, control characters, marks of text direction
  /// and malformed UTF-8 are escaped, in `client` too.
  std::string_view text = {};
};

/// Log configuration of one client. Nothing is logged without a sink.
struct LogOptions {
  /// Least severe level that reaches the sink.
  LogLevel level = LogLevel::Warning;
  /// Receives each log record.
  ///
  /// Not called inside any call of the application, nor after the client's destructor has returned. It may call any
  /// member of any client, and may destroy the client.
  ///
  /// Thread: the thread of the loop that serves the client. Clients of different loops may call it concurrently.
  ///
  /// Platforms: Native: on the thread of the loop. Web: from the event loop.
  Callback<const LogRecord&> sink = {};
};

/// Flight recorder configuration: a bounded record of recent events, for bug reports; see `Client::flightRecord`.
struct FlightRecorderOptions {
  /// Largest number of entries kept; the oldest is discarded first. 0 turns the recorder off. Consecutive messages in
  /// one direction count as one entry.
  std::size_t entries = 64;
  /// Payload bytes recorded of each message. 0, the default, records no payload, so a bug report holds no secrets. Any
  /// other value makes each message an entry of its own.
  std::size_t payloadBytes = 0;
};

}  // namespace tidewire
