#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "core/protocol/heads.hpp"

namespace tidewire::core::protocol {

/// Events that a subscriber will never get. Without a range the channel's epoch has changed, and their number is
/// unknown.
struct Loss {
  struct Range {
    std::uint64_t from = 0;
    std::uint64_t to = 0;  ///< Included.
  };
  std::optional<Range> range = {};
};

/// The position of a subscription to one channel, and the meaning of each message about it (docs/protocol.md, section
/// 5).
class ChannelProgress {
 public:
  /// `conflate`: the server may leave events out. `since`: the position to resume from.
  explicit ChannelProgress(bool conflate, std::optional<Position> since = {})
      : position_(std::move(since)), conflate_(conflate) {}

  /// The `since` of the next `subscribe`; nothing before the first.
  [[nodiscard]] const std::optional<Position>& position() const noexcept { return position_; }

  [[nodiscard]] bool conflates() const noexcept { return conflate_; }
  /// From the next `subscribe` on, every event is wanted.
  void becomeReliable() noexcept { conflate_ = false; }
  /// The next `subscribe` resumes there; without a position it begins afresh.
  void moveTo(std::optional<Position> position) noexcept {
    position_ = std::move(position);
    holes_ = 0;
  }

  /// The connection is gone, or the channel is subscribed to anew: until `subscribed`, events are those of before.
  void interrupted() noexcept { live_ = false; }

  /// The server has answered `subscribe`. Returns what was lost, if anything was.
  [[nodiscard]] std::optional<Loss> subscribed(const Subscribed& head);

  enum class Verdict : std::uint8_t {
    Deliver,
    Drop,  ///< It came before, or belongs to an older subscription.
    Hole,  ///< Events before it are missing: subscribe anew.
    Lost,  ///< The same hole again, after all attempts: report it as a loss, and go on with `passOver`.
  };
  [[nodiscard]] Verdict event(std::uint64_t seq, std::uint64_t skipped) noexcept;
  /// Gives up what is missing before `seq`, and accepts `seq` itself.
  void passOver(std::uint64_t seq) noexcept;

 private:
  // Attempts that a hole is worth before it is a loss.
  static constexpr unsigned kHoleAttempts = 2;

  std::optional<Position> position_;
  unsigned holes_ = 0;  // At this position.
  bool conflate_;
  bool live_ = false;
};

}  // namespace tidewire::core::protocol
