#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/ring_queue.hpp"
#include "core/time.hpp"
#include "gate.hpp"
#include "platform/sync.hpp"
#include "tidewire/message.hpp"
#include "tidewire/options.hpp"

namespace tidewire::internal {

/// Events of one client: written to the application's log; the most recent are kept for a bug report.
class Journal {
 public:
  enum class Direction : std::uint8_t { Sent, Received };

  Journal(const Options& options, core::Time now);

  /// A URL without user info and query, which may hold secrets.
  [[nodiscard]] static std::string shown(std::string_view url);

  // Loop thread.

  /// Writes `said`, which may quote the peer, as one escaped line.
  void note(core::Time now, LogLevel level, std::string_view said);
  /// Counts messages; consecutive ones in one direction share an entry.
  void noteMessages(core::Time now, Direction direction, std::size_t messages, std::size_t bytes);

  // Any thread.

  /// Records one message with its payload, if payloads are recorded.
  void notePayload(core::Time now, Direction direction, const Message& message);
  [[nodiscard]] bool recordsPayloads() const noexcept { return recorder_.payloadBytes > 0 && recorder_.entries > 0; }
  [[nodiscard]] std::string dump() const;
  /// Stops calls of the log's sink. Waits for one that runs on another thread.
  void stop();

 private:
  struct Entry {
    core::Time at;
    std::string text;
    // Of messages.
    bool counts = false;
    Direction direction = Direction::Sent;
    std::size_t messages = 0;
    std::size_t bytes = 0;
  };

  void keep(const Lock&, Entry entry);
  [[nodiscard]] Entry& newest() noexcept { return entries_[entries_.size() - 1]; }

  const LogOptions log_;
  const FlightRecorderOptions recorder_;
  const std::string name_;
  const core::Time began_;

  mutable Mutex mutex_;
  Gate gate_;
  core::RingQueue<Entry> entries_;
  std::uint64_t forgotten_ = 0;
};

}  // namespace tidewire::internal
