#pragma once

#include <string>
#include <string_view>

namespace ticker {

struct Tick;

/// The message that carries a tick, which is also its line in the log.
std::string toJson(const Tick& tick);

/// The message that tells a client what it did wrong.
std::string errorToJson(std::string_view error);

}  // namespace ticker
