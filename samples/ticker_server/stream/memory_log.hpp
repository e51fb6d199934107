#pragma once

#include <deque>
#include <unordered_map>

#include "stream/channel_log.hpp"
#include "stream/clock.hpp"
#include "stream/journal.hpp"

namespace ticker::stream {

/// How much a channel keeps. Each bound holds by itself.
struct History {
  std::size_t maxCount = 1000;
  std::int64_t maxAgeMs = 600'000;
  std::size_t maxBytes = 2 * 1024 * 1024;
};

/// A channel in this process's memory.
class MemoryLog final : public ChannelLog {
 public:
  struct Settings {
    History history;
    Clock clock;
    Journal* journal;
  };

  /// `settings` outlives the log.
  MemoryLog(std::string channel, std::string epoch, const Settings& settings);

  [[nodiscard]] const std::string& epoch() const override { return epoch_; }
  [[nodiscard]] std::uint64_t seq() const override { return seq_; }
  std::uint64_t append(BodyType type, std::string_view body, std::int64_t ts) override;
  std::optional<std::vector<EventPointer>> after(std::uint64_t seq, std::size_t maxCost) override;
  std::vector<EventPointer> newest(std::size_t count) override;
  void add(LogListener& listener) override { listeners_.push_back(&listener); }
  void remove(LogListener& listener) override;

  /// Whether nothing is kept any more.
  [[nodiscard]] bool empty();

 private:
  void evict();
  void tell(const EventPointer& event);

  std::string channel_;
  std::string epoch_;
  const Settings& settings_;
  std::uint64_t seq_ = 0;
  std::deque<EventPointer> events_;
  std::size_t bytes_ = 0;
  std::vector<LogListener*> listeners_;  // Null where one has gone while they are told.
  bool telling_ = false;
};

/// Every channel in this process's memory. A channel that nobody uses makes room for another: first those that keep
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

}  // namespace ticker::stream
