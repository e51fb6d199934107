#pragma once

#include <deque>
#include <unordered_map>
#include <utility>

#include "server/channel_log.hpp"
#include "server/clock.hpp"
#include "server/journal.hpp"

namespace tidewire::server {

/// How much a channel keeps. Each bound holds by itself.
struct History {
  std::size_t maxCount = 1000;
  std::int64_t maxAgeMs = 600'000;
  std::size_t maxBytes = 2 * 1024 * 1024;
};

/// A channel in this process's memory. Answers at once.
class MemoryLog final : public ChannelLog {
 public:
  struct Settings {
    History history;
    const Clock& clock;
    const Journal& journal;
  };

  /// `settings` outlives the log.
  MemoryLog(std::string channel, std::string epoch, const Settings& settings);

  void append(const Draft& draft, AppendDone done) override;
  void read(const Query& query, ReadDone done) override;
  void add(LogListener& listener) override { listeners_.push_back(&listener); }
  void remove(LogListener& listener) override;

  /// Whether nothing is kept any more.
  [[nodiscard]] bool empty();

 private:
  void evict();
  void notify(const EventPointer& event);
  /// The newest `count` of those that are kept, as far as they fit into `maxBytes`.
  [[nodiscard]] Page page(std::uint64_t count, std::size_t maxBytes) const;

  std::string channel_;
  std::string epoch_;
  const Settings& settings_;
  std::uint64_t seq_ = 0;
  std::deque<EventPointer> events_;
  std::size_t bytes_ = 0;
  std::vector<LogListener*> listeners_;  // Null where one has gone while they are called.
  int notifying_ = 0;
};

/// Every channel in this process's memory. An unused channel makes room for another: first those that keep
/// nothing, then of those that have the same maker as the most others the one that was used longest ago. When it comes
/// back, it has another epoch.
class MemoryEngine final : public LogEngine {
 public:
  /// `epoch` is what those of all channels begin with; no other process had it.
  MemoryEngine(std::size_t maxChannels, std::string epoch, const MemoryLog::Settings& settings)
      : maxChannels_(maxChannels), epoch_(std::move(epoch)), settings_(settings) {}

  std::shared_ptr<ChannelLog> open(const std::string& channel, const std::string& maker) override;

 private:
  struct Place {
    std::shared_ptr<MemoryLog> log;
    std::string maker;
    std::uint64_t usedAt = 0;  ///< In terms of `uses_`.

    [[nodiscard]] bool unused() const { return log.use_count() == 1; }
  };

  void forgetEmpty();
  void forgetOne();

  std::size_t maxChannels_;
  std::string epoch_;
  MemoryLog::Settings settings_;
  std::uint64_t opened_ = 0;
  std::uint64_t uses_ = 0;
  std::unordered_map<std::string, Place> places_;
};

}  // namespace tidewire::server
