#include "text.hpp"

#include <algorithm>
#include <cstddef>

namespace ticker {

std::string quoted(std::string_view text) {
  constexpr std::size_t kMaxBytes = 40;
  std::string result(text.substr(0, kMaxBytes));
  std::ranges::replace_if(
      result, [](char letter) { return letter < ' ' || letter > '~'; }, '?');
  return text.size() > kMaxBytes ? result + "..." : result;
}

}  // namespace ticker
