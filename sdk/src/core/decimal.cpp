#include "core/decimal.hpp"

#include <cstddef>

namespace tidewire::core {

std::string decimal(std::uint64_t number) {
  constexpr std::size_t kMostDigits = 20;
  char digits[kMostDigits];
  char* const end = digits + kMostDigits;
  char* first = end;
  do {
    *--first = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  return {first, end};
}

}  // namespace tidewire::core
