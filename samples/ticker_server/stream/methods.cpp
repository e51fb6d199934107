#include "stream/methods.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "stream/hub.hpp"

namespace ticker::stream {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxHistory = 1000;     // Ticks in one reply.
constexpr std::uint64_t kUsualHistory = 100;  // Where `count` is left out.
constexpr std::size_t kMaxArgumentsBytes = 1024;

Outcome badArguments(std::string_view message) {
  return {.refusal = "bad-request", .message = message};
}

Outcome symbols(const json& /*arguments*/, Hub& hub) {
  json list = json::array();
  for (std::size_t symbol = 0; symbol < hub.market().symbolCount(); ++symbol) {
    list.push_back(hub.market().symbol(symbol));
  }
  return {.body = list.dump(-1, ' ', false, json::error_handler_t::replace)};
}

// Calls `answer` with the symbol that the arguments name, by its index.
template <class Answer>
Outcome withSymbol(const json& arguments, Hub& hub, Answer answer) {
  const auto name = arguments.find("symbol");
  if (name == arguments.end() || !name->is_string()) {
    return badArguments("the body is {\"symbol\": a string}");
  }
  const std::optional<std::size_t> symbol = hub.market().indexOf(name->get_ref<const std::string&>());
  return symbol ? answer(*symbol) : Outcome{.refusal = "unknown-channel", .message = "there is no such symbol"};
}

Outcome quote(const json& arguments, Hub& hub) {
  return withSymbol(arguments, hub, [&](std::size_t symbol) {
    const std::string& tick = hub.market().json(symbol);
    return tick.empty() ? Outcome{.refusal = "unavailable", .message = "it has no price yet"} : Outcome{.body = tick};
  });
}

Outcome history(const json& arguments, Hub& hub) {
  const auto count = arguments.find("count");
  if (count != arguments.end() && !count->is_number_unsigned()) {
    return badArguments("count is a whole number");
  }
  const std::uint64_t wanted = count != arguments.end() ? count->get<std::uint64_t>() : kUsualHistory;
  return withSymbol(arguments, hub, [&](std::size_t symbol) {
    std::string list;
    for (const EventPointer& event : hub.tickers().log(symbol)->newest(std::min<std::uint64_t>(wanted, kMaxHistory))) {
      list.append(list.empty() ? "[" : ",").append(event->body());
    }
    return Outcome{.body = list.empty() ? "[]" : list + ']'};
  });
}

struct Method {
  std::string_view name;
  Outcome (*call)(const json& arguments, Hub& hub);
};

constexpr std::array<Method, 3> kMethods{{{"symbols", symbols}, {"quote", quote}, {"history", history}}};

}  // namespace

Outcome callMethod(std::string_view method, std::string_view body, Hub& hub) {
  const auto* const found = std::ranges::find(kMethods, method, &Method::name);
  if (found == kMethods.end()) {
    return {.refusal = "unknown-method", .message = "the methods are symbols, quote and history"};
  }
  if (body.size() > kMaxArgumentsBytes) {
    return {.refusal = "too-large", .message = "arguments take 1024 bytes at most"};
  }
  return found->call(json::parse(body, nullptr, false), hub);
}

}  // namespace ticker::stream
