#pragma once

#include <utility>
#include <variant>

namespace tidewire::core {

/// Calls `visit` with what `variant` holds. Unlike `std::visit` this is a chain of comparisons and no table of function
/// pointers: the calls are inlined, and the code is smaller. The alternative that is met most stands first.
template <class Visit, class... Alternatives>
void dispatch(std::variant<Alternatives...>& variant, Visit&& visit) {
  (void)((std::holds_alternative<Alternatives>(variant) && (visit(*std::get_if<Alternatives>(&variant)), true)) || ...);
}
template <class Visit, class... Alternatives>
void dispatch(const std::variant<Alternatives...>& variant, Visit&& visit) {
  (void)((std::holds_alternative<Alternatives>(variant) && (visit(*std::get_if<Alternatives>(&variant)), true)) || ...);
}

}  // namespace tidewire::core
