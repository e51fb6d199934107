#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/time.hpp"

namespace tidewire::core {

/// Decides when to send a heartbeat, and when silence means that the connection is dead. A "probe" is one heartbeat.
///
/// 1. Sends one every `interval`, but not while an earlier one is pending.
/// 2. Any byte within `timeout` of a probe proves life. Only the answer to the newest probe gives a round trip.
/// 3. No byte for `silence` means a dead connection too, with or without heartbeats.
/// 4. While reading is paused no probe is sent, and a running judgement stands still; a peer that awaits probes is
///    reassured instead.
/// 5. A judgement that comes late (the thread was blocked, the process stopped) first gives what has already arrived
///    a moment to be read.
/// 6. A distrusted connection gets a probe at once, with a shorter deadline.
class Heartbeat {
 public:
  enum class Verdict : std::uint8_t {
    Nothing,
    Probe,
    Reassure,  ///< Send a ping only to keep the connection alive at the peer; its answer is ignored.
    Dead
  };

  struct Times {
    Duration interval;  ///< Zero: no periodic heartbeats.
    Duration timeout;
    Duration silence;  ///< Zero: silence has no limit.
    Duration wakeTimeout;
    bool canProbe;
  };

  explicit Heartbeat(const Times& times) noexcept : times_(times) {}

  /// The connection is open. Reading may have been paused before that. `longest`: the peer's longest interval between
  /// heartbeats; zero: it has none.
  void start(Time now, Duration longest = Duration::zero()) noexcept;
  /// The connection is over, or closing.
  void stop() noexcept;

  /// Makes the next `tick` send a heartbeat, unless one is pending.
  void probeNow(Time now) noexcept;
  /// Makes the next `tick` send a heartbeat with the wake-up timeout. Requires: a heartbeat can be sent.
  void distrust(Time now) noexcept;
  /// Bytes have arrived.
  void heard(Time now) noexcept;
  /// An answer without a number has arrived. Returns the round trip if it answers the newest probe.
  std::optional<Duration> answeredInTurn(Time now) noexcept;
  /// The answer to the newest probe has arrived. Returns the round trip, unless it had come already.
  std::optional<Duration> answeredNewest(Time now) noexcept;

  void pause(Time now) noexcept;
  void resume(Time now) noexcept;

  [[nodiscard]] Verdict tick(Time now) noexcept;
  [[nodiscard]] std::optional<Time> deadline() const noexcept;

  /// The option whose time passed, after the verdict `Dead`.
  struct Limit {
    std::string_view option;
    Duration time;
  };
  [[nodiscard]] Limit exceeded() const noexcept;

  /// Number of unanswered heartbeats.
  [[nodiscard]] unsigned unanswered() const noexcept { return unanswered_; }

 private:
  // Beyond this lateness the timer itself was delayed, and input may be unread.
  static constexpr Duration kLate = std::chrono::milliseconds(100);
  // Time to read that input.
  static constexpr Duration kGrace = std::chrono::milliseconds(250);

  [[nodiscard]] Verdict judge(Time now) noexcept;
  [[nodiscard]] Verdict reassure(Time now) noexcept;

  const Times times_;
  // On this connection. The peer closes a silent connection too, if it has a limit.
  Duration interval_{0};
  Duration awaited_{0};
  bool running_ = false;
  std::optional<Time> probeAt_;
  // When the silence after a heartbeat, or the current silence, means a dead connection.
  std::optional<Time> judgeAt_;
  std::optional<Time> silentAt_;
  std::optional<Time> reassureAt_;  // Counts while reading is paused.
  bool graceGiven_ = false;
  bool distrusts_ = false;  // The next or pending heartbeat has the shorter deadline.
  std::optional<Time> pausedAt_;
  Time askedAt_{};
  unsigned unanswered_ = 0;
};

}  // namespace tidewire::core
