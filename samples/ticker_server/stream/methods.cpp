#include "stream/methods.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "market.hpp"
#include "stream/ticker_feed.hpp"

namespace ticker::stream {

namespace {

using nlohmann::json;
using tidewire::server::EventPointer;
using tidewire::server::Outcome;
using tidewire::server::Page;
using tidewire::server::ReadResult;

using Done = std::function<void(Outcome)>;

constexpr std::size_t kMaxHistory = 1000;     // Ticks in one reply.
constexpr std::uint64_t kUsualHistory = 100;  // Where `count` is left out.
constexpr std::size_t kMaxArgumentsBytes = 1024;

Outcome badArguments(const char* message) {
  return {.refusal = "bad-request", .message = message};
}

void symbols(const json& /*arguments*/, const Prices& prices, const Done& done) {
  json list = json::array();
  for (std::size_t symbol = 0; symbol < prices.market.symbolCount(); ++symbol) {
    list.push_back(prices.market.symbol(symbol));
  }
  done({.body = list.dump(-1, ' ', false, json::error_handler_t::replace)});
}

/// The index of the symbol that the arguments name; nothing if there is none, which is answered.
std::optional<std::size_t> symbolIn(const json& arguments, const Prices& prices, const Done& done) {
  const auto name = arguments.find("symbol");
  if (name == arguments.end() || !name->is_string()) {
    done(badArguments("the body is {\"symbol\": a string}"));
    return std::nullopt;
  }
  const std::optional<std::size_t> symbol = prices.market.indexOf(name->get_ref<const std::string&>());
  if (!symbol) {
    done({.refusal = "unknown-channel", .message = "there is no such symbol"});
  }
  return symbol;
}

void quote(const json& arguments, const Prices& prices, const Done& done) {
  if (const std::optional<std::size_t> symbol = symbolIn(arguments, prices, done)) {
    const std::string& tick = prices.market.json(*symbol);
    done(tick.empty() ? Outcome{.refusal = "unavailable", .message = "it has no price yet"} : Outcome{.body = tick});
  }
}

Outcome listOf(const ReadResult& result) {
  const Page* const page = std::get_if<Page>(&result);
  if (page == nullptr) {
    return {.refusal = "unavailable", .message = "the history cannot be read"};
  }
  std::string list;
  for (const EventPointer& event : page->events) {
    list.append(list.empty() ? "[" : ",").append(event->body());
  }
  return {.body = list.empty() ? "[]" : list + ']'};
}

void history(const json& arguments, const Prices& prices, const Done& done) {
  const auto count = arguments.find("count");
  if (count != arguments.end() && !count->is_number_unsigned()) {
    done(badArguments("count is a whole number"));
    return;
  }
  const std::uint64_t wanted = count != arguments.end() ? count->get<std::uint64_t>() : kUsualHistory;
  if (const std::optional<std::size_t> symbol = symbolIn(arguments, prices, done)) {
    const tidewire::server::Query query{.newest = std::min<std::uint64_t>(wanted, kMaxHistory), .maxBytes = SIZE_MAX};
    prices.tickers.log(*symbol)->read(query, [done](const ReadResult& result) { done(listOf(result)); });
  }
}

struct Method {
  std::string_view name;
  void (*call)(const json& arguments, const Prices& prices, const Done& done);
};

constexpr std::array<Method, 3> kMethods{{{"symbols", symbols}, {"quote", quote}, {"history", history}}};

}  // namespace

void callMethod(std::string_view method, std::string_view body, const Prices& prices, Done done) {
  const auto* const found = std::ranges::find(kMethods, method, &Method::name);
  if (found == kMethods.end()) {
    done({.refusal = "unknown-method", .message = "the methods are symbols, quote and history"});
  } else if (body.size() > kMaxArgumentsBytes) {
    done({.refusal = "too-large", .message = "arguments take 1024 bytes at most"});
  } else {
    found->call(json::parse(body, nullptr, false), prices, done);
  }
}

}  // namespace ticker::stream
