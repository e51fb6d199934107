#include "json.hpp"

#include <nlohmann/json.hpp>

#include "market.hpp"

namespace ticker {

namespace {

std::string dump(const nlohmann::ordered_json& json) {
  // A symbol from a replayed file may be anything; text messages are UTF-8 (RFC 6455 section 8.1).
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

std::string toJson(const Tick& tick) {
  return dump(
      {{"symbol", tick.symbol}, {"price", tick.price}, {"change", tick.change}, {"seq", tick.seq}, {"ts", tick.ts}});
}

std::string errorToJson(std::string_view error) {
  return dump({{"error", error}});
}

}  // namespace ticker
