#include "text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace dashboard {

namespace {

std::string fixed(double value, int decimals) {
  char buffer[400];  // The longest double has 309 digits before the point.
  const int length = std::snprintf(buffer, sizeof buffer, "%.*f", decimals, value);
  return {buffer, static_cast<std::size_t>(length)};
}

std::string twoDigits(long long value) {
  return (value < 10 ? "0" : "") + std::to_string(value);
}

bool isControl(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == 0x7f;
}

/// For customers. What is not listed is nothing that they could do anything about.
std::string_view describe(tidewire::CloseCause cause) {
  switch (cause) {
    case tidewire::CloseCause::ClosedByUser:
      return "disconnected";
    case tidewire::CloseCause::ReconnectRequested:
      return "connecting again, as you asked";
    case tidewire::CloseCause::ClosedByPeer:
      return "the server ended the connection";
    case tidewire::CloseCause::ConnectionLost:
      return "the connection was lost";
    case tidewire::CloseCause::ConnectFailed:
      return "the server cannot be reached";
    case tidewire::CloseCause::HandshakeRefused:
      return "the server refused the connection";
    case tidewire::CloseCause::UntrustedCertificate:
      return "the server could not prove its identity; is --ca missing?";
    case tidewire::CloseCause::ConnectTimeout:
      return "the server does not answer";
    case tidewire::CloseCause::HeartbeatTimeout:
      return "the server no longer answers";
    default:
      return "something went wrong with the connection";
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result(text);
  std::replace_if(result.begin(), result.end(), isControl, '?');
  return result;
}

std::string formatPrice(double price) {
  return fixed(price, 2);
}

std::string formatChange(double percent) {
  const double rounded = std::round(percent * 100) / 100;
  if (rounded == 0) {
    return "0.00%";
  }
  return (rounded > 0 ? "+" : "") + fixed(rounded, 2) + "%";
}

std::string formatSeconds(std::chrono::nanoseconds time) {
  return fixed(std::max(0.0, std::chrono::duration<double>(time).count()), 1) + " s";
}

std::string formatDuration(std::chrono::nanoseconds time) {
  const long long seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  const long long minutes = seconds / 60;
  const long long hours = minutes / 60;
  const std::string tail = ":" + twoDigits(seconds % 60);
  return hours == 0 ? std::to_string(minutes) + tail : std::to_string(hours) + ":" + twoDigits(minutes % 60) + tail;
}

std::string formatRoundTrip(std::chrono::microseconds time) {
  const double milliseconds = std::chrono::duration<double, std::milli>(time).count();
  return fixed(milliseconds, milliseconds < 10 ? 2 : 0) + " ms";
}

std::string formatTick(const Tick& tick) {
  return tick.symbol + " " + formatPrice(tick.price) + " " + formatChange(tick.change) + " seq " +
         std::to_string(tick.seq);
}

std::string formatAge(std::chrono::milliseconds age) {
  const bool minutes = age >= std::chrono::minutes(1);
  return (minutes ? formatDuration(age) : formatSeconds(age)) + " old";
}

std::string formatGaps(std::uint64_t gaps) {
  return std::to_string(gaps) + (gaps == 1 ? " gap" : " gaps");
}

std::string reasonOf(const tidewire::SessionError& error) {
  return printable(error.message.empty() ? error.code : error.message + " (" + error.code + ")");
}

std::string reasonOf(const tidewire::CloseInfo& info) {
  std::string text(describe(info.cause));
  if (!info.reason.empty()) {
    text += " (" + std::to_string(info.code) + ": " + info.reason + ")";
  }
  return printable(text);
}

std::string detailOf(const tidewire::CloseInfo& info) {
  return reasonOf(info) + (info.detail.empty() ? "" : ": " + printable(info.detail));
}

}  // namespace dashboard
