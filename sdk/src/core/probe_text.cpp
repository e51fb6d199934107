#include "core/probe_text.hpp"

#include <limits>

#include "core/decimal.hpp"

namespace tidewire::core {
namespace {

constexpr std::size_t kMostDigits = std::numeric_limits<std::uint64_t>::digits10;  // Any number of so many fits.

}  // namespace

ProbeText::ProbeText(std::string_view pattern) noexcept : before_(pattern) {
  if (const std::size_t place = pattern.find(kPlace); place != std::string_view::npos) {
    before_ = pattern.substr(0, place);
    behind_ = pattern.substr(place + kPlace.size());
    numbered_ = true;
  }
}

std::string ProbeText::with(std::uint64_t number) const {
  std::string text(before_);
  if (numbered_) {
    text += decimal(number);
    text += behind_;
  }
  return text;
}

std::optional<std::uint64_t> ProbeText::numberIn(std::string_view text) const noexcept {
  if (!text.starts_with(before_) || !text.substr(before_.size()).ends_with(behind_)) {
    return std::nullopt;
  }
  const std::string_view digits = text.substr(before_.size(), text.size() - before_.size() - behind_.size());
  if (digits.empty() || digits.size() > kMostDigits || (digits.size() > 1 && digits.front() == '0')) {
    return std::nullopt;
  }
  std::uint64_t number = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') {
      return std::nullopt;
    }
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return number;
}

std::size_t ProbeText::longestBytes() const noexcept {
  return before_.size() + behind_.size() + (numbered_ ? kMostDigits + 1 : 0);
}

}  // namespace tidewire::core
