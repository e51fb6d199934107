#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/framing.hpp"
#include "stream/heads.hpp"

namespace ticker::stream {

/// One event of a channel. Its message is written once, and shared by all who get it.
class Event {
 public:
  Event(std::string_view channel, std::uint64_t seq, std::int64_t ts, BodyType type, std::string_view body);

  [[nodiscard]] std::uint64_t seq() const { return seq_; }
  [[nodiscard]] std::int64_t ts() const { return ts_; }
  [[nodiscard]] std::string_view body() const;

  /// The message for a client that did not get the `skipped` events before this one.
  [[nodiscard]] std::shared_ptr<const Packet> packet(std::uint64_t skipped) const;
  /// Memory that it takes.
  [[nodiscard]] std::size_t cost() const;

 private:
  std::uint64_t seq_;
  std::int64_t ts_;
  std::size_t headBytes_;
  std::shared_ptr<const Packet> packet_;
};

using EventPointer = std::shared_ptr<const Event>;

/// Told of each event of a channel, in order. It may come and go at any time, from inside `appended` as well.
class LogListener {
 public:
  virtual void appended(const EventPointer& event) = 0;

 protected:
  ~LogListener() = default;
};

/// The stream of one channel: docs/protocol.md, section 5. Old events are evicted.
class ChannelLog {
 public:
  ChannelLog() = default;
  ChannelLog(const ChannelLog&) = delete;
  ChannelLog& operator=(const ChannelLog&) = delete;
  virtual ~ChannelLog() = default;

  [[nodiscard]] virtual const std::string& epoch() const = 0;
  /// The number of the newest event; 0 if there has been none.
  [[nodiscard]] virtual std::uint64_t seq() const = 0;

  /// Numbers an event, keeps it, tells the listeners. Returns its number.
  virtual std::uint64_t append(BodyType type, std::string_view body, std::int64_t ts) = 0;

  /// What came after `seq`, oldest first: at least one event if there is any, then no more than `maxCost` in all.
  ///
  /// Returns: nothing if any of what came after `seq` was evicted, or if `seq` has not been reached yet.
  [[nodiscard]] virtual std::optional<std::vector<EventPointer>> after(std::uint64_t seq, std::size_t maxCost) = 0;
  /// The newest that are kept, at most `count`, oldest first.
  [[nodiscard]] virtual std::vector<EventPointer> newest(std::size_t count) = 0;

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

  /// The log of a channel, which comes into being on first use. `maker` is who it is made for, if so: whoever makes
  /// many loses his own first where there is no room for all.
  ///
  /// Returns: null if there is no room for another.
  virtual std::shared_ptr<ChannelLog> open(const std::string& channel, const std::string& maker) = 0;
};

}  // namespace ticker::stream
