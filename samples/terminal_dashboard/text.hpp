#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "tick.hpp"
#include "tidewire/events.hpp"
#include "tidewire/session_events.hpp"

namespace dashboard {

/// What a peer sent, with everything replaced that a terminal would obey instead of showing it.
[[nodiscard]] std::string printable(std::string_view text);

[[nodiscard]] std::string formatPrice(double price);
/// "+0.42%", "-0.42%" or "0.00%".
[[nodiscard]] std::string formatChange(double percent);
/// "0.4 s"; never negative.
[[nodiscard]] std::string formatSeconds(std::chrono::nanoseconds time);
/// "0:07", "12:07" or "3:12:07".
[[nodiscard]] std::string formatDuration(std::chrono::nanoseconds time);
/// "0.42 ms" or "53 ms".
[[nodiscard]] std::string formatRoundTrip(std::chrono::microseconds time);
/// "AAPL 170.57 -0.42% seq 123"
[[nodiscard]] std::string formatTick(const Tick& tick);
/// "0.4 s old" or "3:12 old". Two clocks are compared: a price that seems to come from the future is not older than
/// now.
[[nodiscard]] std::string formatAge(std::chrono::milliseconds age);
/// "1 gap", "2 gaps".
[[nodiscard]] std::string formatGaps(std::uint64_t gaps);

/// Why an attempt ended, for customers.
[[nodiscard]] std::string reasonOf(const tidewire::CloseInfo& info);
/// The same with what helps those who help them.
[[nodiscard]] std::string detailOf(const tidewire::CloseInfo& info);
/// What the server has against something, for people.
[[nodiscard]] std::string reasonOf(const tidewire::SessionError& error);

}  // namespace dashboard
