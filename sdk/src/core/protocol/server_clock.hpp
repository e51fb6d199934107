#pragma once

#include <cstdint>
#include <optional>

#include "core/time.hpp"

namespace tidewire::core::protocol {

/// Estimates the server's clock from round trips: `hello` to `welcome`, and `ping` to `pong`.
class ServerClock {
 public:
  /// `hello` is queued.
  void opened(Time now) noexcept { helloAt_ = now; }
  void welcomed(Time now, std::uint64_t serverNow) noexcept;
  /// A `ping` with this `t` is queued.
  void probed(Time now, std::uint64_t t) noexcept;
  /// Its `pong`; one that answers an older probe has no effect.
  void answered(Time now, std::uint64_t t, std::uint64_t serverNow) noexcept;

  /// The server's time since 1970, less the time here; nothing before the first `welcome`.
  [[nodiscard]] std::optional<Duration> offset() const noexcept { return offset_; }

 private:
  void measured(Time from, Time to, std::uint64_t serverNow) noexcept;

  Time helloAt_{};
  Time probeAt_{};
  std::uint64_t probe_ = 0;
  Duration bestTrip_{};
  std::optional<Duration> offset_;
};

}  // namespace tidewire::core::protocol
