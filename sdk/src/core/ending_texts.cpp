#include "core/ending_texts.hpp"

#include <chrono>

#include "core/decimal.hpp"
#include "core/one_line.hpp"

namespace tidewire::core {
namespace {

constexpr std::uint16_t kNoCode = 1005;  // RFC 6455 section 7.1.5: the Close frame has none.

/// As in the registry of close codes that RFC 6455 section 11.7 begins; empty for a code that is not in it.
std::string_view registeredName(std::uint16_t code) {
  switch (code) {
    case 1000:
      return "normal closure";
    case 1001:
      return "going away";
    case 1002:
      return "protocol error";
    case 1003:
      return "unsupported data";
    case 1007:
      return "invalid payload data";
    case 1008:
      return "policy violation";
    case 1009:
      return "message too big";
    case 1010:
      return "mandatory extension";
    case 1011:
      return "internal error";
    case 1012:
      return "service restart";
    case 1013:
      return "try again later";
    case 1014:
      return "bad gateway";
    case 3000:
      return "unauthorized";
    case 3003:
      return "forbidden";
    case 3008:
      return "timeout";
    default:
      return {};
  }
}

std::string withValue(std::string_view option, const std::string& value) {
  return std::string(option) + " (" + value + ")";
}

}  // namespace

std::string closeText(std::uint16_t code, std::string_view reason) {
  std::string text = code == kNoCode ? "no code" : decimal(code);
  if (const std::string_view name = registeredName(code); !name.empty()) {
    text.append(" (").append(name).append(")");
  }
  if (!reason.empty()) {
    text.append(", ").append(inQuotes(reason));
  }
  return text;
}

std::string limitText(std::string_view option, Duration value) {
  return withValue(option, decimal(std::chrono::ceil<std::chrono::milliseconds>(value).count()) + " ms");
}

std::string limitText(std::string_view option, std::size_t value) {
  return withValue(option, decimal(value));
}

}  // namespace tidewire::core
