#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "server/channel_log.hpp"

namespace tidewire::server::test {

/// What becomes of a call of a log.
enum class Fate : std::uint8_t {
  Done,
  NotDone,         ///< The log says so: `LogFailure::Unavailable`.
  DoneUnknown,     ///< Done, though the log says that it does not know.
  NotDoneUnknown,  ///< Not done, and the log does not know.
};

/// Decides when the calls of a `LateEngine` take effect and are answered, and which of them fail.
class LateLogPlan {
 public:
  /// Runs `step` later. Those of one lane have to run in order. The lanes of a channel are "calls", "answers" and
  /// "news", each with the channel's name behind it.
  virtual void defer(const std::string& lane, std::function<void()> step) = 0;
  virtual Fate fateOfAppend() { return Fate::Done; }
  virtual Fate fateOfRead() { return Fate::Done; }
  /// An event was appended.
  virtual void appended(const std::string& /*channel*/, const Page& /*head*/, std::string_view /*body*/) {}
  /// Whether the log has lost this event, though it has given it a number.
  [[nodiscard]] virtual bool hides(const std::string& /*channel*/, const std::string& /*epoch*/,
                                   std::uint64_t /*seq*/) const {
    return false;
  }

 protected:
  ~LateLogPlan() = default;
};

/// The channels of another engine, as if they lay in another process: calls take effect later, and answers and
/// announcements come later still, independently of each other.
class LateEngine final : public LogEngine {
 public:
  /// `engine` answers at once. Both outlive this.
  LateEngine(LogEngine& engine, LateLogPlan& plan) : engine_(engine), plan_(plan) {}

  std::shared_ptr<ChannelLog> open(const std::string& channel, const std::string& maker) override;

 private:
  class LateLog;

  LogEngine& engine_;
  LateLogPlan& plan_;
  std::map<std::string, std::weak_ptr<LateLog>> logs_;
};

/// What a log that answers at once has.
[[nodiscard]] Page pageOf(ChannelLog& log, const Query& query = {});

}  // namespace tidewire::server::test
