#include "core/protocol/server_clock.hpp"

#include <algorithm>
#include <chrono>

namespace tidewire::core::protocol {
namespace {

// In the year 2255: the protocol has integers for times that no clock here has.
constexpr std::chrono::milliseconds kLatestTime = std::chrono::hours(24 * 365 * 285);

}  // namespace

void ServerClock::welcomed(Time now, std::uint64_t serverNow) noexcept {
  bestTrip_ = Duration::max();  // Another server may have another clock.
  measured(helloAt_, now, serverNow);
}

void ServerClock::probed(Time now, std::uint64_t t) noexcept {
  probeAt_ = now;
  probe_ = t;
}

void ServerClock::answered(Time now, std::uint64_t t, std::uint64_t serverNow) noexcept {
  if (t == probe_) {
    measured(probeAt_, now, serverNow);
  }
}

/// The quickest round trip is the most exact. Clocks drift, so an old one counts less with each that is slower.
void ServerClock::measured(Time from, Time to, std::uint64_t serverNow) noexcept {
  const Duration trip = to - from;
  if (bestTrip_ != Duration::max() && trip > bestTrip_ + bestTrip_ / 8) {
    bestTrip_ += bestTrip_ / 8;
    return;
  }
  bestTrip_ = trip;
  const Duration server = std::min(std::chrono::milliseconds(serverNow), kLatestTime);
  offset_ = server - (from + trip / 2).time_since_epoch();
}

}  // namespace tidewire::core::protocol
