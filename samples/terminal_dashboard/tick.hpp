#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dashboard {

/// One price, as the ticker server sends it.
struct Tick {
  std::string symbol;
  double price = 0;
  double change = 0;  ///< Percent, since the first price of the server's session.
  std::uint64_t seq = 0;
};

/// Reads `{"symbol":"AAPL","price":170.57,"change":-0.42,"seq":123,"ts":1700000000017}`.
///
/// Returns: nothing if `text` is anything else.
[[nodiscard]] std::optional<Tick> parseTick(std::string_view text);

}  // namespace dashboard
