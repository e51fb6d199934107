#include "tick.hpp"

#include <nlohmann/json.hpp>

#include "text.hpp"

namespace dashboard {

std::optional<Tick> parseTick(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) {
    return std::nullopt;
  }
  const auto symbol = json.find("symbol");
  const auto price = json.find("price");
  const auto change = json.find("change");
  const auto seq = json.find("seq");
  for (const auto& number : {price, change, seq}) {
    if (number == json.end() || !number->is_number()) {
      return std::nullopt;
    }
  }
  if (symbol == json.end() || !symbol->is_string()) {
    return std::nullopt;
  }
  return Tick{printable(symbol->get<std::string>()), price->get<double>(), change->get<double>(),
              seq->get<std::uint64_t>()};
}

}  // namespace dashboard
