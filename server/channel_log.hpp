#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/event.hpp"
#include "server/heads.hpp"

namespace tidewire::server {

/// Why a log did not do what it was called for.
enum class LogFailure : std::uint8_t {
  Unavailable,  ///< Nothing was done. The same may succeed later.
  Unknown,      ///< Whether it was done is not known.
};

/// An event that has no number yet.
struct Draft {
  BodyType type = BodyType::Text;
  std::string_view body = {};  ///< Valid during the call only.
  std::int64_t ts = 0;         ///< Milliseconds since 1970.
};

/// Which events to read.
struct Query {
  std::optional<Position> after = {};  ///< Those after this position.
  std::size_t newest = 0;              ///< Without `after`: the newest, at most so many.
  std::size_t maxBytes = 0;            ///< At least one event where there is any, then no more than this in all.
};

/// What a log had when it was read.
struct Page {
  std::string epoch = {};
  std::uint64_t seq = 0;    ///< The number of the newest event; 0 if there has been none.
  std::uint64_t start = 0;  ///< The events begin after this one.
  /// Whether everything after `Query::after` is kept. If not (evicted, another epoch, or a number that has not been
  /// reached), there are no events, and `start` is `seq`.
  bool whole = true;
  std::vector<EventPointer> events = {};  ///< Oldest first.
};

using AppendResult = std::variant<std::uint64_t, LogFailure>;  ///< The number of the event.
using ReadResult = std::variant<Page, LogFailure>;

/// Is called with the events of a channel.
class LogListener {
 public:
  /// `oldest` is the number of the oldest event that is kept; 0 where the log does not know it.
  virtual void appended(const EventPointer& event, std::uint64_t oldest) = 0;

 protected:
  ~LogListener() = default;
};

/// The stream of one channel: docs/protocol.md, section 5. Old events are evicted.
///
/// Promised by an implementation, which may lie in another process:
/// - each call is answered once, in the same turn or in a later one, and not after the log and the engine are gone;
/// - the calls of one log take effect in call order. Answers come in any order, those of other channels included;
/// - listeners are called in the order of the numbers. What a listener is called with may come before or after an
///   answer that includes it, and an event that it is never called with is found by reading.
class ChannelLog {
 public:
  using AppendDone = std::function<void(const AppendResult& result)>;
  using ReadDone = std::function<void(const ReadResult& result)>;

  ChannelLog() = default;
  ChannelLog(const ChannelLog&) = delete;
  ChannelLog& operator=(const ChannelLog&) = delete;
  virtual ~ChannelLog() = default;

  /// Numbers an event and keeps it. `done` may be empty.
  virtual void append(const Draft& draft, AppendDone done) = 0;
  virtual void read(const Query& query, ReadDone done) = 0;

  /// A listener may come and go at any time, from inside `appended` as well. It is called with what is appended later;
  /// not from inside `add`, and not once `remove` has returned.
  virtual void add(LogListener& listener) = 0;
  virtual void remove(LogListener& listener) = 0;
};

/// Where the channels are. A channel is in use for as long as somebody holds its log.
class LogEngine {
 public:
  LogEngine() = default;
  LogEngine(const LogEngine&) = delete;
  LogEngine& operator=(const LogEngine&) = delete;
  virtual ~LogEngine() = default;

  /// The log of a channel, which comes into being on first use. `maker`: the client for which it is made, if it
  /// is made for one. A client that makes many loses its own first where there is no room for all.
  ///
  /// Returns: null if there is no room for another.
  virtual std::shared_ptr<ChannelLog> open(const std::string& channel, const std::string& maker) = 0;
};

}  // namespace tidewire::server
