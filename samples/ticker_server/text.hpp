#pragma once

#include <string>
#include <string_view>

namespace ticker {

/// What a client sent, made fit to be repeated in an error: short, and ASCII whatever it was.
std::string quoted(std::string_view text);

}  // namespace ticker
