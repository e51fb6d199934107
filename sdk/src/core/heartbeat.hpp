#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/time.hpp"

namespace tidewire::core {

/// Decides when to ask the peer for a sign of life, and when its silence means that the connection is dead.
///
/// 1. Asks every `interval`, but not while an earlier question is still being judged.
/// 2. Any byte within `timeout` of a question proves life. Only the answer to the newest question gives a round trip.
/// 3. No byte for `silence` means death too, asked or not.
/// 4. While reading is paused nothing is asked, and a running judgement stands still; a peer that awaits questions is
///    reassured instead.
/// 5. A judgement that comes late (the thread was blocked, the process stopped) first gives what has already arrived
///    a moment to be read.
/// 6. A connection that is distrusted is asked at once, under a shorter deadline.
class Heartbeat {
 public:
  enum class Verdict : std::uint8_t {
    Nothing,
    Ask,
    Reassure,  ///< Show the peer a sign of life; what it answers says nothing.
    Dead
  };

  struct Times {
    Duration interval;  ///< Zero: asks only when told to.
    Duration timeout;
    Duration silence;  ///< Zero: silence is borne.
    Duration thawTimeout;
    bool canAsk;
  };

  explicit Heartbeat(const Times& times) noexcept : times_(times) {}

  /// The connection is open. Reading may have been paused before that. `longest`: the peer wants to be asked at least
  /// this often; zero: it does not care.
  void start(Time now, Duration longest = Duration::zero()) noexcept;
  /// The connection is over, or closing.
  void stop() noexcept;

  /// Makes the next `tick` ask, unless a question is being judged.
  void askNow(Time now) noexcept;
  /// Makes the next `tick` ask, and the answer due within the thaw timeout. Requires: there is something to ask with.
  void distrust(Time now) noexcept;
  /// Bytes have arrived.
  void heard(Time now) noexcept;
  /// An answer has arrived that tells nothing but its order. Returns the round trip if it answers the newest question.
  std::optional<Duration> answeredInTurn(Time now) noexcept;
  /// The answer to the newest question has arrived. Returns the round trip, unless it had come already.
  std::optional<Duration> answeredNewest(Time now) noexcept;

  void pause(Time now) noexcept;
  void resume(Time now) noexcept;

  [[nodiscard]] Verdict tick(Time now) noexcept;
  [[nodiscard]] std::optional<Time> deadline() const noexcept;

  /// The option whose time is over, after the verdict `Dead`.
  struct Limit {
    std::string_view option;
    Duration time;
  };
  [[nodiscard]] Limit exceeded() const noexcept;

  /// Questions without an answer so far.
  [[nodiscard]] unsigned unanswered() const noexcept { return unanswered_; }

 private:
  // Later than this, the timer itself was held up, and input may lie unread.
  static constexpr Duration kLate = std::chrono::milliseconds(100);
  // How long what lies unread then has to be read.
  static constexpr Duration kGrace = std::chrono::milliseconds(250);

  [[nodiscard]] Verdict judge(Time now) noexcept;
  [[nodiscard]] Verdict reassure(Time now) noexcept;

  const Times times_;
  // On this connection. The peer takes silence for death too, if it awaits anything.
  Duration interval_{0};
  Duration awaited_{0};
  bool running_ = false;
  std::optional<Time> askAt_;
  // When the silence that follows a question, or that lasts already, means death.
  std::optional<Time> judgeAt_;
  std::optional<Time> silentAt_;
  std::optional<Time> reassureAt_;  // Counts while reading is paused.
  bool graceGiven_ = false;
  bool distrusts_ = false;  // The next question, or the one that is being judged, has the shorter deadline.
  std::optional<Time> pausedAt_;
  Time askedAt_{};
  unsigned unanswered_ = 0;
};

}  // namespace tidewire::core
